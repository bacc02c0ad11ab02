import {
  type EC2Client,
  type NetworkAcl,
  type NetworkInterface,
  paginateDescribeNetworkAcls,
  paginateDescribeNetworkInterfaces,
} from '@aws-sdk/client-ec2';

import { accessError } from './errors.ts';
import { canonicalCidr } from './rule-shape.ts';
import { timeLimit } from './time-limit.ts';

/** A read with its repetitions. */
const READ_MS = 8_000;
const PAGE_SIZE = 1_000;
/** EC2 API reference: values in the filters of one request. */
const VALUES_A_CALL = 200;
const MAX_PORT = 65_535;

/** A network interface that carries at least one of the groups asked for. */
export type Interface = {
  readonly id: string;
  readonly subnet: string;
  readonly groups: readonly string[];
  readonly description: string;
  /** Seconds after which an idle established connection is forgotten; null where nothing is set. */
  readonly forgetsAfter: number | null;
};

/** An ingress entry. All protocols read as `-1`, all ports as 0 to 65535. */
export type AclEntry = {
  readonly ruleNumber: number;
  readonly protocol: string;
  readonly allows: boolean;
  readonly cidr: string;
  readonly fromPort: number;
  readonly toPort: number;
};

export type Acl = {
  readonly id: string;
  readonly subnets: readonly string[];
  readonly ingress: readonly AclEntry[];
};

/** How packets reach what security groups guard: interfaces, and the network ACLs of the subnets they are in. */
export type Paths = { readonly interfaces: readonly Interface[]; readonly acls: readonly Acl[] };

/** Everything that leads to these groups, as described now, whoever owns the interface. Throws AccessError. */
export async function readPaths(ec2: EC2Client, groups: readonly string[]): Promise<Paths> {
  const interfaces = await readInterfaces(ec2, groups);
  const subnets = [...new Set(interfaces.map(({ subnet }) => subnet))];
  const found = await Promise.all(
    chunks(subnets).map((Values) =>
      readAcls(ec2, { Filters: [{ Name: 'association.subnet-id', Values }] }, subnets),
    ),
  );
  const acls = new Map(found.flat().map((acl) => [acl.id, acl]));
  return { interfaces, acls: [...acls.values()] };
}

/** One network ACL as it is now; undefined when it is gone. Throws AccessError. */
export async function readAcl(ec2: EC2Client, id: string): Promise<Acl | undefined> {
  // By filter: a call that names an id which is gone fails.
  const [acl] = await readAcls(ec2, { Filters: [{ Name: 'network-acl-id', Values: [id] }] }, [id]);
  return acl;
}

/** The ACLs of the subnets with an interface that carries one of these groups. */
export function aclsTo({ interfaces, acls }: Paths, groups: readonly string[]): Acl[] {
  const subnets = new Set(
    interfaces
      .filter((one) => one.groups.some((group) => groups.includes(group)))
      .map(({ subnet }) => subnet),
  );
  return acls.filter((acl) => acl.subnets.some((subnet) => subnets.has(subnet)));
}

/** Every interface with one of these groups, as described now. Throws AccessError. */
export async function readInterfaces(ec2: EC2Client, groups: readonly string[]): Promise<Interface[]> {
  const read = async (Values: string[]): Promise<Interface[]> => {
    const pages = paginateDescribeNetworkInterfaces(
      { client: ec2, pageSize: PAGE_SIZE },
      // Interfaces of managed resources may be hidden from a plain call, and packets pass them all the same.
      { Filters: [{ Name: 'group-id', Values }], IncludeManagedResources: true },
      timeLimit(READ_MS),
    );
    const found: Interface[] = [];
    for await (const { NetworkInterfaces = [] } of pages)
      found.push(...NetworkInterfaces.flatMap(interfaceOf));
    return found;
  };
  try {
    const found = (await Promise.all(chunks([...new Set(groups)]).map(read))).flat();
    return [...new Map(found.map((one) => [one.id, one])).values()];
  } catch (error) {
    throw accessError(error, 'read', `describe the network interfaces of ${groups.join(', ')}`);
  }
}

async function readAcls(
  ec2: EC2Client,
  input: { readonly Filters: { Name: string; Values: string[] }[] },
  of: readonly string[],
): Promise<Acl[]> {
  const pages = paginateDescribeNetworkAcls({ client: ec2, pageSize: PAGE_SIZE }, input, timeLimit(READ_MS));
  try {
    const found: Acl[] = [];
    for await (const { NetworkAcls = [] } of pages) found.push(...NetworkAcls.flatMap(aclOf));
    return found;
  } catch (error) {
    throw accessError(error, 'read', `describe the network ACLs of ${of.join(', ')}`);
  }
}

function interfaceOf(described: NetworkInterface): Interface[] {
  const { NetworkInterfaceId: id, SubnetId: subnet, Groups = [], Description, RequesterId } = described;
  if (id === undefined || subnet === undefined) return [];
  return [
    {
      id,
      subnet,
      groups: Groups.flatMap(({ GroupId }) => GroupId ?? []),
      description: Description ?? RequesterId ?? '',
      forgetsAfter: described.ConnectionTrackingConfiguration?.TcpEstablishedTimeout ?? null,
    },
  ];
}

function aclOf({ NetworkAclId: id, Associations = [], Entries = [] }: NetworkAcl): Acl[] {
  if (id === undefined) return [];
  return [
    {
      id,
      subnets: Associations.flatMap(({ SubnetId }) => SubnetId ?? []),
      ingress: Entries.filter(({ Egress }) => Egress !== true).map((entry) => ({
        ruleNumber: entry.RuleNumber ?? 0,
        protocol: entry.Protocol ?? '-1',
        allows: entry.RuleAction !== 'deny',
        cidr: canonicalCidr(entry.CidrBlock ?? entry.Ipv6CidrBlock ?? ''),
        fromPort: entry.PortRange?.From ?? 0,
        toPort: entry.PortRange?.To ?? MAX_PORT,
      })),
    },
  ];
}

function chunks(values: readonly string[]): string[][] {
  const count = Math.ceil(values.length / VALUES_A_CALL);
  return Array.from({ length: count }, (_, i) => values.slice(i * VALUES_A_CALL, (i + 1) * VALUES_A_CALL));
}
