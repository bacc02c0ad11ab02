/** Where traffic comes from (or goes to, for egress). `value` is canonical: host bits zero, RFC 5952 for IPv6. */
export interface RuleSource {
  readonly kind: 'ipv4' | 'ipv6' | 'prefix-list' | 'group';
  readonly value: string;
}

/** What makes a rule unique within its group, plus its description. */
export interface RuleSpec {
  /** `tcp`, `udp`, `icmp`, `icmpv6`, a protocol number, or `-1`. */
  readonly protocol: string;
  /** -1 for all traffic and for all ICMP types. */
  readonly fromPort: number;
  readonly toPort: number;
  readonly source: RuleSource;
  readonly description: string;
}

export interface Rule extends RuleSpec {
  readonly id: string;
  readonly egress: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** Order of creation, also over restarts; what page tokens refer to. */
  readonly sequence: number;
}

/** (protocol, ports, source) is unique within a group and direction: two such rules are duplicates. */
export function sameTraffic(a: RuleSpec, b: RuleSpec): boolean {
  return (
    a.protocol === b.protocol &&
    a.fromPort === b.fromPort &&
    a.toPort === b.toPort &&
    a.source.kind === b.source.kind &&
    a.source.value === b.source.value
  );
}

/** As EC2 words a rule in its errors. */
export function describeTraffic(rule: RuleSpec): string {
  const protocol = rule.protocol === '-1' ? 'ALL' : rule.protocol.toUpperCase();
  return `peer: ${rule.source.value}, ${protocol}, from port: ${rule.fromPort}, to port: ${rule.toPort}, ALLOW`;
}
