import ipaddr from 'ipaddr.js';
import { isIPv4, isIPv6 } from 'node:net';
import { AwsError } from '../error.ts';
import type { QueryParameters } from '../query.ts';
import type { RuleSource, RuleSpec } from './rule.ts';

/** EC2 API reference, IpRange: the characters a rule's description may have. */
const DESCRIPTION = /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{0,255}$/;
const PROTOCOL_NAMES: Readonly<Record<string, string>> = {
  '6': 'tcp',
  '17': 'udp',
  '1': 'icmp',
  '58': 'icmpv6',
};

/** Reads `IpPermissions`: one rule for each source. Throws AwsError for anything malformed. */
export function parsePermissions(parameters: QueryParameters): RuleSpec[] {
  return parameters.members('IpPermissions').flatMap(parsePermission);
}

function parsePermission(permission: QueryParameters): RuleSpec[] {
  const protocol = parseProtocol(permission.text('IpProtocol'));
  const [fromPort, toPort] = parsePorts(
    protocol,
    permission.integer('FromPort'),
    permission.integer('ToPort'),
  );
  const sources = [
    ...permission
      .members('IpRanges')
      .map((range) => rule(range, 'ipv4', canonicalIpv4(range.text('CidrIp')))),
    ...permission
      .members('Ipv6Ranges')
      .map((range) => rule(range, 'ipv6', canonicalIpv6(range.text('CidrIpv6')))),
    ...permission
      .members('PrefixListIds')
      .map((list) => rule(list, 'prefix-list', list.text('PrefixListId') ?? '')),
    ...permission.members('Groups').map((group) => rule(group, 'group', group.text('GroupId') ?? '')),
  ];
  if (sources.length === 0) {
    throw new AwsError(
      'InvalidParameterValue',
      'The request must name a source: a CIDR block, a prefix list or a group',
    );
  }
  return sources;

  function rule(range: QueryParameters, kind: RuleSource['kind'], value: string): RuleSpec {
    const description = range.text('Description') ?? '';
    if (!DESCRIPTION.test(description)) {
      throw new AwsError(
        'InvalidParameterValue',
        'Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  ' +
          'a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*',
      );
    }
    return { protocol, fromPort, toPort, source: { kind, value }, description };
  }
}

function parseProtocol(text: string | undefined): string {
  if (text === undefined)
    throw new AwsError('MissingParameter', 'The request must contain the parameter ipProtocol');
  const named = PROTOCOL_NAMES[text] ?? text.toLowerCase();
  if (named === '-1' || ['tcp', 'udp', 'icmp', 'icmpv6'].includes(named)) return named;
  if (/^\d{1,3}$/.test(named) && Number(named) <= 255) return named;
  throw new AwsError('InvalidPermission.Malformed', `Unsupported IP protocol "${text}"`);
}

function parsePorts(protocol: string, from: number | undefined, to: number | undefined): [number, number] {
  if (protocol === '-1') return [-1, -1];
  if (protocol !== 'tcp' && protocol !== 'udp') return [from ?? -1, to ?? -1];
  if (from === undefined || to === undefined) {
    throw new AwsError(
      'InvalidParameterValue',
      'Invalid value for portRange. Must specify both from and to ports',
    );
  }
  if (!(from >= 0 && to <= 65_535 && from <= to)) {
    throw new AwsError('InvalidParameterValue', `Invalid value for portRange: ${from}-${to}`);
  }
  return [from, to];
}

/** Zeroes the host bits, as EC2 does. Throws InvalidParameterValue. */
export function canonicalIpv4(cidr: string | undefined): string {
  const [address = '', bits = ''] = (cidr ?? '').split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) throw malformed(cidr);
  return `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`).toString()}/${Number(bits)}`;
}

export function canonicalIpv6(cidr: string | undefined): string {
  const [address = '', bits = ''] = (cidr ?? '').split('/');
  if (!isIPv6(address) || !/^\d{1,3}$/.test(bits) || Number(bits) > 128) throw malformed(cidr);
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`).toRFC5952String()}/${Number(bits)}`;
}

function malformed(cidr: string | undefined): AwsError {
  return new AwsError('InvalidParameterValue', `CIDR block ${cidr ?? ''} is malformed`);
}
