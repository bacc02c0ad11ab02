import { AwsError } from '../error.ts';
import type { QueryParameters } from '../query.ts';
import { canonicalIpv4, canonicalIpv6 } from './permissions.ts';

/** CreateNetworkAclEntry, API reference: 32767 and above are reserved. */
const MAX_RULE_NUMBER = 32_766;
const ICMP = '1';
const ICMPV6 = '58';
const WITH_PORTS: readonly string[] = ['6', '17'];

/** One line of a network ACL; number and direction name it within its ACL. */
export interface AclEntry {
  readonly ruleNumber: number;
  readonly egress: boolean;
  /** A protocol number as text (`6` is TCP), or `-1` for all of them. */
  readonly protocol: string;
  readonly action: 'allow' | 'deny';
  /** Canonical: host bits zero, RFC 5952 for IPv6. */
  readonly cidr: string;
  /** Null unless the protocol is TCP or UDP. */
  readonly fromPort: number | null;
  readonly toPort: number | null;
  readonly icmp?: { readonly type: number; readonly code: number };
}

/** The number and direction that a call names. Throws MissingParameter or InvalidParameterValue. */
export function parseEntryName(parameters: QueryParameters): Pick<AclEntry, 'ruleNumber' | 'egress'> {
  required(parameters, 'RuleNumber');
  const ruleNumber = parameters.integer('RuleNumber') ?? Number.NaN;
  if (!(ruleNumber >= 1 && ruleNumber <= MAX_RULE_NUMBER)) {
    throw invalid('ruleNumber', parameters.text('RuleNumber'), `It must be from 1 to ${MAX_RULE_NUMBER}`);
  }
  const egress = required(parameters, 'Egress');
  if (egress !== 'true' && egress !== 'false') throw invalid('egress', egress, 'It must be true or false');
  return { ruleNumber, egress: egress === 'true' };
}

/** Reads what CreateNetworkAclEntry and ReplaceNetworkAclEntry send. Throws AwsError for anything malformed. */
export function parseEntry(parameters: QueryParameters): AclEntry {
  const name = parseEntryName(parameters);
  const protocol = required(parameters, 'Protocol');
  if (protocol !== '-1' && !(/^\d{1,3}$/.test(protocol) && Number(protocol) <= 255)) {
    throw invalid('protocol', protocol, 'It must be a protocol number or -1');
  }
  const action = required(parameters, 'RuleAction');
  if (action !== 'allow' && action !== 'deny')
    throw invalid('ruleAction', action, 'It must be allow or deny');
  const cidr = parseCidr(parameters);
  return {
    ...name,
    protocol,
    action,
    cidr,
    ...parsePorts(parameters, protocol),
    ...parseIcmp(parameters, protocol, cidr),
  };
}

function parseCidr(parameters: QueryParameters): string {
  const [ipv4, ipv6] = [parameters.text('CidrBlock'), parameters.text('Ipv6CidrBlock')];
  if (ipv4 !== undefined && ipv6 !== undefined) {
    throw new AwsError(
      'InvalidParameterCombination',
      'cidrBlock and ipv6CidrBlock cannot be used in the same entry',
    );
  }
  if (ipv6 !== undefined) return canonicalIpv6(ipv6);
  if (ipv4 === undefined) throw missing('cidrBlock');
  return canonicalIpv4(ipv4);
}

/** Ports given for a protocol without any are passed over, as in EC2. */
function parsePorts(parameters: QueryParameters, protocol: string): Pick<AclEntry, 'fromPort' | 'toPort'> {
  if (!WITH_PORTS.includes(protocol)) return { fromPort: null, toPort: null };
  const [from, to] = [parameters.integer('PortRange.From'), parameters.integer('PortRange.To')];
  if (from === undefined || to === undefined) throw missing('portRange');
  if (!(from >= 0 && to <= 65_535 && from <= to)) {
    throw invalid('portRange', `${from}-${to}`, 'It must lie within 0-65535');
  }
  return { fromPort: from, toPort: to };
}

function parseIcmp(
  parameters: QueryParameters,
  protocol: string,
  cidr: string,
): Pick<AclEntry, 'icmp'> | undefined {
  if (protocol !== ICMP && !(protocol === ICMPV6 && cidr.includes(':'))) return undefined;
  const [type, code] = [parameters.integer('Icmp.Type'), parameters.integer('Icmp.Code')];
  if (type === undefined || code === undefined) throw missing('icmpTypeCode');
  return { icmp: { type, code } };
}

function required(parameters: QueryParameters, name: string): string {
  const value = parameters.text(name);
  if (value === undefined) throw missing(`${name.charAt(0).toLowerCase()}${name.slice(1)}`);
  return value;
}

function missing(name: string): AwsError {
  return new AwsError('MissingParameter', `The request must contain the parameter ${name}`);
}

function invalid(name: string, value: string | undefined, expected: string): AwsError {
  return new AwsError('InvalidParameterValue', `Invalid value '${value ?? ''}' for ${name}. ${expected}`);
}
