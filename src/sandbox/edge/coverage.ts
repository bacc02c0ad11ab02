import { BlockList, isIP } from 'node:net';
import type { AclEntry } from '../aws/ec2/acl-entry.ts';
import type { GuardedSubnet, IngressRule } from '../aws/types.ts';

/** The guarded service's port, as security groups and network ACLs see it. */
const CONSOLE_PORT = 8443;
const TCP = '6';

/** Where connections from one address can go. */
export interface Reach {
  /** Subnets through which a new connection gets to the service; none: it is refused. */
  readonly entrances: readonly string[];
  /** Subnets whose network ACL lets nothing from the address in, established connections included. */
  readonly cut: readonly string[];
}

/**
 * Security groups decide over new connections only, network ACLs over every packet. Outbound entries are not looked
 * at: closing one direction is enough to end a connection, and inbound is the one that is used here.
 */
export function reachOf(
  address: string,
  group: string,
  rules: readonly IngressRule[],
  subnets: readonly GuardedSubnet[],
): Reach {
  const cut = subnets.filter(({ entries }) => !lets(entries, address)).map(({ id }) => id);
  const ways = subnets.filter(({ id, groups }) => groups.includes(group) && !cut.includes(id));
  return { entrances: covers(rules, address) ? ways.map(({ id }) => id) : [], cut };
}

/** Whether some rule lets TCP from the address reach the console. Prefix lists and groups name no address here. */
function covers(rules: readonly IngressRule[], address: string): boolean {
  return rules.some((rule) => rule.cidr !== null && reachesPort(rule) && contains(rule.cidr, address));
}

function reachesPort({ protocol, fromPort, toPort }: IngressRule): boolean {
  if (protocol === '-1') return true;
  return protocol === 'tcp' && fromPort <= CONSOLE_PORT && CONSOLE_PORT <= toPort;
}

/** The inbound entry with the lowest number that matches decides. */
function lets(entries: readonly AclEntry[], address: string): boolean {
  const first = entries
    .filter((entry) => !entry.egress && concernsPort(entry))
    .toSorted((a, b) => a.ruleNumber - b.ruleNumber)
    .find(({ cidr }) => contains(cidr, address));
  return first?.action === 'allow';
}

function concernsPort({ protocol, fromPort, toPort }: AclEntry): boolean {
  if (protocol === '-1') return true;
  if (protocol !== TCP || fromPort === null || toPort === null) return false;
  return fromPort <= CONSOLE_PORT && CONSOLE_PORT <= toPort;
}

function contains(cidr: string, address: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  if (bits === '32' && isIP(network) === 4) return network === address;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), familyOf(network));
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
