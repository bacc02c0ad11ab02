import { type Faults, randomWithin } from '../../faults.ts';
import { AWS_WORLD } from '../../world.ts';
import { AwsError } from '../error.ts';
import type { QueryParameters } from '../query.ts';
import type { CallContext } from '../service.ts';
import type { XmlTree } from '../xml.ts';
import { type Filterable, filterBy } from './filters.ts';
import type { NetworkInterface, NetworkInterfaces } from './network-interfaces.ts';
import { pageOf } from './paging.ts';
import type { SecurityGroups } from './security-groups.ts';

type Subnet = (typeof AWS_WORLD.subnets)[number];

const INTERFACE_FILTERS: Filterable<NetworkInterface> = {
  description: ({ description }) => [description],
  'group-id': ({ groups }) => groups,
  'interface-type': ({ type }) => [type],
  'network-interface-id': ({ id }) => [id],
  'requester-managed': ({ requesterManaged }) => [String(requesterManaged)],
  status: () => ['in-use'],
  'subnet-id': ({ subnetId }) => [subnetId],
  'vpc-id': ({ subnetId }) => [vpcOf(subnetId)],
};

const SUBNET_FILTERS: Filterable<Subnet> = {
  'availability-zone': ({ availabilityZone }) => [availabilityZone],
  'subnet-id': ({ id }) => [id],
  'vpc-id': ({ vpcId }) => [vpcId],
};

/** DescribeNetworkInterfaces, those of load balancers included, as they were up to the lag ago. */
export function describeInterfaces(
  interfaces: NetworkInterfaces,
  groups: SecurityGroups,
  faults: Faults,
  parameters: QueryParameters,
  context: CallContext,
): XmlTree {
  const ids = parameters.texts('NetworkInterfaceId');
  const matches = filterBy(parameters, INTERFACE_FILTERS);
  const lag = randomWithin(faults.get('aws.describeLagMs'));
  const here = inWorld(context) ? interfaces.all() : [];
  const chosen = chooseByIds(here, ids, 'eni', 'networkInterface');
  const seen = chosen.map((one) => interfaces.asOf(one, lag)).filter(matches);
  const { page, nextToken } = pageOf(seen, parameters, ids);
  return {
    networkInterfaceSet: { item: page.map((one) => interfaceElement(one, groups, context)) },
    nextToken,
  };
}

/** DescribeSubnets. Subnets never change here. */
export function describeSubnets(parameters: QueryParameters, context: CallContext): XmlTree {
  const ids = parameters.texts('SubnetId');
  const matches = filterBy(parameters, SUBNET_FILTERS);
  const here: readonly Subnet[] = inWorld(context) ? AWS_WORLD.subnets : [];
  const { page, nextToken } = pageOf(
    chooseByIds(here, ids, 'subnet', 'subnet').filter(matches),
    parameters,
    ids,
  );
  return {
    subnetSet: {
      item: page.map(({ id, vpcId, cidr, availabilityZone }) => ({
        subnetId: id,
        vpcId,
        cidrBlock: cidr,
        availabilityZone,
        state: 'available',
        ownerId: context.account,
        defaultForAz: false,
        subnetArn: `arn:aws:ec2:${context.region}:${context.account}:subnet/${id}`,
      })),
    },
    nextToken,
  };
}

function inWorld({ account, region }: CallContext): boolean {
  return account === AWS_WORLD.account && region === AWS_WORLD.region;
}

/** Everything when no ids are given. Throws Invalid…Id.Malformed and Invalid…ID.NotFound. */
function chooseByIds<Item extends { readonly id: string }>(
  items: readonly Item[],
  ids: readonly string[],
  prefix: string,
  kind: string,
): readonly Item[] {
  if (ids.length === 0) return items;
  const codeName = `Invalid${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  return ids.map((id) => {
    if (!new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`).test(id)) {
      throw new AwsError(`${codeName}Id.Malformed`, `Invalid id: "${id}" (expecting "${prefix}-...")`);
    }
    const found = items.find((item) => item.id === id);
    if (found === undefined) {
      throw new AwsError(`${codeName}ID.NotFound`, `The ${kind} ID '${id}' does not exist`);
    }
    return found;
  });
}

function interfaceElement(one: NetworkInterface, groups: SecurityGroups, { account }: CallContext): XmlTree {
  const { tcpEstablishedTimeout: tcp } = one;
  return {
    networkInterfaceId: one.id,
    subnetId: one.subnetId,
    vpcId: vpcOf(one.subnetId),
    availabilityZone: AWS_WORLD.subnets.find(({ id }) => id === one.subnetId)?.availabilityZone,
    description: one.description,
    ownerId: account,
    requesterManaged: one.requesterManaged,
    requesterId: one.requesterManaged ? 'amazon-elb' : undefined,
    status: 'in-use',
    privateIpAddress: one.address,
    sourceDestCheck: true,
    interfaceType: one.type,
    groupSet: {
      item: one.groups.map((groupId) => ({ groupId, groupName: groups.byId(groupId)?.name ?? groupId })),
    },
    tagSet: {},
    // Answered only where somebody set it: what holds otherwise depends on the instance type.
    ...(tcp !== null && { connectionTrackingConfiguration: { tcpEstablishedTimeout: tcp } }),
  };
}

function vpcOf(subnetId: string): string {
  return AWS_WORLD.subnets.find(({ id }) => id === subnetId)?.vpcId ?? '';
}
