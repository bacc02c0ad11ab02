import type { QueryParameters } from '../query.ts';
import type { Change, TrailResource } from '../service.ts';
import type { XmlTree, XmlValue } from '../xml.ts';

/** Where CloudTrail's name for a parameter is not the API's own with a small first letter. */
const TRAIL_NAMES: Readonly<Record<string, string>> = {
  SecurityGroupRuleId: 'securityGroupRuleIds',
  ResourceId: 'resourcesSet',
  TagSpecification: 'tagSpecificationSet',
  Tag: 'tagSet',
  Protocol: 'aclProtocol',
  Icmp: 'icmpTypeCode',
};
const NUMBERS: readonly string[] = ['FromPort', 'ToPort', 'From', 'To', 'RuleNumber', 'Type', 'Code'];
const FLAGS: readonly string[] = ['Egress', 'DryRun'];

interface Node {
  [name: string]: Node | string | number | boolean;
}

/** How CloudTrail shows an EC2 call; undefined for one that only reads. */
export function changeOf(action: string, parameters: QueryParameters): Change | undefined {
  if (action.startsWith('Describe')) return undefined;
  return { requestParameters: requestParameters(parameters), resources: resourcesOf(parameters) };
}

/** An answer as CloudTrail shows it: lists as `items`, and `_return` for the word that is reserved in Java. */
export function responseElements(content: XmlTree): unknown {
  return Object.fromEntries(
    Object.entries(content).map(([name, value]) => [name === 'return' ? '_return' : name, elementOf(value)]),
  );
}

function elementOf(value: XmlValue): unknown {
  if (Array.isArray(value)) return value.map(elementOf);
  if (typeof value !== 'object') return value;
  const { item, ...rest } = value as XmlTree;
  if (item === undefined) return responseElements(rest);
  const items = [item].flat();
  return items.length === 0 ? {} : { items: items.map(elementOf) };
}

/** Rules are not among the resources that an event can be found by: only their groups are. */
function resourcesOf(parameters: QueryParameters): TrailResource[] {
  const group = parameters.text('GroupId');
  const acl = parameters.text('NetworkAclId');
  return [
    ...(group === undefined ? [] : [{ type: 'AWS::EC2::SecurityGroup', name: group }]),
    ...(acl === undefined ? [] : [{ type: 'AWS::EC2::NetworkAcl', name: acl }]),
    ...parameters.texts('ResourceId').map((name) => ({ type: 'AWS::EC2::SecurityGroupRule', name })),
  ];
}

/** `IpPermissions.1.FromPort=8443` as `{ ipPermissions: { items: [{ fromPort: 8443 }] } }`. */
function requestParameters(parameters: QueryParameters): unknown {
  const root: Node = {};
  for (const [path, value] of Object.entries(parameters.toJSON())) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    let node = root;
    for (const name of names) {
      const next = node[name];
      node = typeof next === 'object' ? next : (node[name] = {});
    }
    node[last] = typed(last, value);
  }
  return shown(root);
}

function typed(name: string, value: string): string | number | boolean {
  if (NUMBERS.includes(name) && /^-?\d+$/.test(value)) return Number(value);
  return FLAGS.includes(name) ? value === 'true' : value;
}

function shown(node: Node): unknown {
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => [
      TRAIL_NAMES[name] ?? smallFirst(name),
      typeof value === 'object' && '1' in value ? { items: itemsOf(name, value) } : inner(value),
    ]),
  );
}

/** A list of plain values has each under the list's own name. */
function itemsOf(name: string, list: Node): unknown[] {
  return Object.values(list).map((item) =>
    typeof item === 'object' ? inner(item) : { [smallFirst(name)]: item },
  );
}

function inner(value: Node[string]): unknown {
  return typeof value === 'object' ? shown(value) : value;
}

function smallFirst(name: string): string {
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
}
