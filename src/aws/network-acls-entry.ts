import type { CreateNetworkAclEntryCommandInput } from '@aws-sdk/client-ec2';
import ipaddr from 'ipaddr.js';

import type { CutEntry, Rule, RuleNumbers } from '../domain/rule.ts';
import type { Acl, AclEntry } from './network-acls-paths.ts';

/** IANA protocol number, as network ACLs name protocols. */
const TCP = '6';
const ANY_PROTOCOL = '-1';

/** The entry as the call takes it: ingress, deny, tcp, one port, one host. */
export function entryInput({ acl, ruleNumber, port, address }: CutEntry): CreateNetworkAclEntryCommandInput {
  const source = address.includes(':') ? { Ipv6CidrBlock: address } : { CidrBlock: address };
  return {
    NetworkAclId: acl,
    RuleNumber: ruleNumber,
    Egress: false,
    Protocol: TCP,
    PortRange: { From: port, To: port },
    RuleAction: 'deny',
    ...source,
  };
}

/** Undefined for every other shape. */
export function cutEntryOf({ id }: Acl, entry: AclEntry): CutEntry | undefined {
  const { ruleNumber, protocol, allows, cidr, fromPort, toPort } = entry;
  const isOurShape = !allows && protocol === TCP && fromPort === toPort && isHost(cidr);
  return isOurShape ? { acl: id, ruleNumber, port: fromPort, address: cidr } : undefined;
}

const isHost = (cidr: string): boolean => cidr.endsWith(cidr.includes(':') ? '/128' : '/32');

export const isWithin = (
  { first, last }: RuleNumbers,
  { ruleNumber }: Pick<AclEntry, 'ruleNumber'>,
): boolean => first <= ruleNumber && ruleNumber <= last;

/** Every entry of our shape under these numbers. */
export const cutsIn = (acl: Acl, numbers: RuleNumbers): CutEntry[] =>
  acl.ingress.filter((entry) => isWithin(numbers, entry)).flatMap((entry) => cutEntryOf(acl, entry) ?? []);

/** What makes two entries deny the same. */
export const denies = ({ port, address }: Pick<Rule, 'port' | 'address'>): string => `${port} ${address}`;

/** Whether packets of this host to this port match the entry, so that no later one is looked at. */
export function covers(entry: AclEntry, { port, address }: Pick<Rule, 'port' | 'address'>): boolean {
  if (entry.protocol !== TCP && entry.protocol !== ANY_PROTOCOL) return false;
  if (port < entry.fromPort || entry.toPort < port) return false;
  if (!ipaddr.isValidCIDR(entry.cidr) || !ipaddr.isValidCIDR(address)) return false;
  const [host] = ipaddr.parseCIDR(address);
  const [network, bits] = ipaddr.parseCIDR(entry.cidr);
  return network.kind() === host.kind() && host.match(network, bits);
}
