import { type Faults, randomWithin } from '../../faults.ts';
import { AwsError } from '../error.ts';
import type { QueryParameters } from '../query.ts';
import type { CallContext } from '../service.ts';
import type { XmlTree } from '../xml.ts';
import { type AclEntry, parseEntry, parseEntryName } from './acl-entry.ts';
import { type Filterable, filterBy } from './filters.ts';
import type { NetworkAcl, NetworkAcls } from './network-acls.ts';
import { dryRun } from './outcome.ts';
import { pageOf } from './paging.ts';

/** Amazon VPC quotas: entries in each direction and of each address family, the closing `*` rule included. */
const MAX_ENTRIES = 20;

const FILTERS: Filterable<NetworkAcl> = {
  'association.association-id': ({ subnets }) => subnets.map(associationId),
  'association.network-acl-id': ({ id, subnets }) => (subnets.length > 0 ? [id] : []),
  'association.subnet-id': ({ subnets }) => subnets,
  default: ({ isDefault }) => [String(isDefault)],
  'entry.cidr': ({ entries }) => entries.map(({ cidr }) => cidr),
  'entry.egress': ({ entries }) => entries.map(({ egress }) => String(egress)),
  'entry.protocol': ({ entries }) => entries.map(({ protocol }) => protocol),
  'entry.rule-action': ({ entries }) => entries.map(({ action }) => action),
  'entry.rule-number': ({ entries }) => entries.map(({ ruleNumber }) => String(ruleNumber)),
  'network-acl-id': ({ id }) => [id],
  'owner-id': ({ account }) => [account],
  'vpc-id': ({ vpcId }) => [vpcId],
};

/** DescribeNetworkAcls: whole ACLs, as they were up to the lag ago. */
export function describeAcls(
  acls: NetworkAcls,
  faults: Faults,
  parameters: QueryParameters,
  { account, region }: CallContext,
): XmlTree {
  const ids = parameters.texts('NetworkAclId');
  const matches = filterBy(parameters, FILTERS);
  const lag = randomWithin(faults.get('aws.describeLagMs'));
  const chosen =
    ids.length > 0 ? ids.map((id) => acls.require(id, account, region)) : acls.all(account, region);
  const seen = chosen.map((acl) => acls.asOf(acl, lag)).filter(matches);
  const { page, nextToken } = pageOf(seen, parameters, ids);
  return { networkAclSet: { item: page.map(aclElement) }, nextToken };
}

/** CreateNetworkAclEntry. There is no client token: a repeated call is answered with NetworkAclEntryAlreadyExists. */
export async function createAclEntry(
  acls: NetworkAcls,
  parameters: QueryParameters,
  { account, region }: CallContext,
): Promise<XmlTree> {
  const entry = parseEntry(parameters);
  if (parameters.flag('DryRun')) throw dryRun();
  const acl = acls.require(parameters.text('NetworkAclId'), account, region);
  if (find(acl, entry) !== undefined) {
    throw new AwsError(
      'NetworkAclEntryAlreadyExists',
      `The network acl entry identified by ${entry.ruleNumber} already exists.`,
    );
  }
  const isV6 = ({ cidr }: AclEntry): boolean => cidr.includes(':');
  const counted = acl.entries.filter((other) => other.egress === entry.egress && isV6(other) === isV6(entry));
  if (counted.length >= MAX_ENTRIES) {
    throw new AwsError(
      'NetworkAclEntryLimitExceeded',
      `The maximum number of network acl entries has been reached.`,
    );
  }
  await acls.replaceEntries(acl, [...acl.entries, entry]);
  return { return: true };
}

/** DeleteNetworkAclEntry, by number and direction: whatever stands there goes. */
export async function deleteAclEntry(
  acls: NetworkAcls,
  parameters: QueryParameters,
  { account, region }: CallContext,
): Promise<XmlTree> {
  const name = parseEntryName(parameters);
  if (parameters.flag('DryRun')) throw dryRun();
  const acl = acls.require(parameters.text('NetworkAclId'), account, region);
  const entry = requireEntry(acl, name);
  await acls.replaceEntries(
    acl,
    acl.entries.filter((other) => other !== entry),
  );
  return { return: true };
}

/** ReplaceNetworkAclEntry: the entry of that number and direction gets everything else anew. */
export async function replaceAclEntry(
  acls: NetworkAcls,
  parameters: QueryParameters,
  { account, region }: CallContext,
): Promise<XmlTree> {
  const entry = parseEntry(parameters);
  if (parameters.flag('DryRun')) throw dryRun();
  const acl = acls.require(parameters.text('NetworkAclId'), account, region);
  const before = requireEntry(acl, entry);
  await acls.replaceEntries(
    acl,
    acl.entries.map((other) => (other === before ? entry : other)),
  );
  return { return: true };
}

type EntryName = Pick<AclEntry, 'ruleNumber' | 'egress'>;

function find(acl: NetworkAcl, { ruleNumber, egress }: EntryName): AclEntry | undefined {
  return acl.entries.find((entry) => entry.ruleNumber === ruleNumber && entry.egress === egress);
}

function requireEntry(acl: NetworkAcl, name: EntryName): AclEntry {
  const entry = find(acl, name);
  if (entry !== undefined) return entry;
  throw new AwsError(
    'InvalidNetworkAclEntry.NotFound',
    `The network acl entry identified by ${name.ruleNumber} (${name.egress ? 'egress' : 'ingress'}) does not exist`,
  );
}

function aclElement({ id, vpcId, isDefault, account, subnets, entries }: NetworkAcl): XmlTree {
  return {
    networkAclId: id,
    vpcId,
    default: isDefault,
    ownerId: account,
    entrySet: { item: entries.map(entryElement) },
    associationSet: {
      item: subnets.map((subnetId) => ({
        networkAclAssociationId: associationId(subnetId),
        networkAclId: id,
        subnetId,
      })),
    },
    tagSet: {},
  };
}

function entryElement(entry: AclEntry): XmlTree {
  const { ruleNumber, egress, protocol, action, cidr, fromPort, toPort, icmp } = entry;
  return {
    ruleNumber,
    protocol,
    ruleAction: action,
    egress,
    ...(cidr.includes(':') ? { ipv6CidrBlock: cidr } : { cidrBlock: cidr }),
    ...(fromPort !== null && toPort !== null && { portRange: { from: fromPort, to: toPort } }),
    ...(icmp && { icmpTypeCode: { code: icmp.code, type: icmp.type } }),
  };
}

function associationId(subnetId: string): string {
  return subnetId.replace('subnet-', 'aclassoc-');
}
