import type { Rule, RuleNumbers } from '../domain/rule.ts';
import { covers, cutEntryOf, cutsIn, denies, isWithin } from './network-acls-entry.ts';
import { type Acl, aclsTo, type Interface, type Paths } from './network-acls-paths.ts';

/** Longer than this, and flows that were cut could come back to life when the entry goes. */
const FORGETS_WITHIN_SECONDS = 350;
/** Amazon EC2 user guide, connection tracking: what holds where nothing is set, but for the newest instance types. */
const DEFAULT_FORGETS_AFTER_SECONDS = 432_000;
/**
 * Amazon VPC quotas: entries in one direction and of one address family, the closing `*` entry among them; and what it can be
 * raised to.
 */
const QUOTA = 20;
const RAISED_QUOTA = 40;

/**
 * Why connections through these rules could not be cut, each as a sentence that says what to change. None: they could.
 * Nothing carries the groups: there is nothing to cut, and that is no problem.
 */
export function problemsOf(
  paths: Paths,
  numbers: RuleNumbers,
  rules: readonly Rule[],
  others: readonly Rule[],
): string[] {
  const groups = rules.map(({ group }) => group);
  const interfaces = paths.interfaces.filter((one) => one.groups.some((group) => groups.includes(group)));
  const acls = aclsTo(paths, groups);
  const known = new Set(acls.flatMap(({ subnets }) => subnets));
  const hidden = [...new Set(interfaces.map(({ subnet }) => subnet))].filter((subnet) => !known.has(subnet));
  return [
    ...interfaces.flatMap(timeoutProblem),
    ...hidden.map(
      (subnet) => `The network ACL of ${subnet} is not visible to the role in the workflow file.`,
    ),
    ...acls.flatMap((acl) => {
      const needed = [...rules, ...others.filter(({ group }) => aclsTo(paths, [group]).includes(acl))];
      return [
        ...foreignProblem(acl, numbers),
        ...orderProblem(acl, numbers, rules),
        ...roomProblem(acl, numbers, needed),
      ];
    }),
  ];
}

function timeoutProblem({ id, description, forgetsAfter }: Interface): string[] {
  const seconds = forgetsAfter ?? DEFAULT_FORGETS_AFTER_SECONDS;
  if (seconds <= FORGETS_WITHIN_SECONDS) return [];
  const name = description === '' ? id : `${id} (${description})`;
  const why = forgetsAfter === null ? `${seconds} s, the default` : `${seconds} s`;
  return [
    `Network interface ${name} tracks idle established connections for ${why}: set its TcpEstablishedTimeout to ${FORGETS_WITHIN_SECONDS} s or less.`,
  ];
}

/** Sorted: what people read must not change from one call to the next. */
const numbersOf = (entries: readonly { readonly ruleNumber: number }[]): string =>
  entries
    .map(({ ruleNumber }) => ruleNumber)
    .toSorted((a, b) => a - b)
    .join(', ');

function foreignProblem(acl: Acl, numbers: RuleNumbers): string[] {
  const foreign = acl.ingress.filter((one) => isWithin(numbers, one) && cutEntryOf(acl, one) === undefined);
  if (foreign.length === 0) return [];
  return [
    `Network ACL ${acl.id} has entries of somebody else's under the numbers that are reserved for Breakglass: move ${numbersOf(foreign)} out of ${numbers.first}-${numbers.last}.`,
  ];
}

function orderProblem(acl: Acl, numbers: RuleNumbers, rules: readonly Rule[]): string[] {
  const before = acl.ingress.filter(
    (entry) => entry.allows && entry.ruleNumber < numbers.first && rules.some((rule) => covers(entry, rule)),
  );
  if (before.length === 0) return [];
  return [
    `Network ACL ${acl.id} lets the connection in before rule ${numbers.first} could deny it: renumber its rule ${numbersOf(before)}, or reserve lower numbers.`,
  ];
}

/** One number for each host that may have to be denied at the same time; those that are there hold theirs already. */
function roomProblem(acl: Acl, numbers: RuleNumbers, needed: readonly Rule[]): string[] {
  const there = new Set(cutsIn(acl, numbers).map(denies));
  const missing = new Set(needed.map(denies).filter((key) => !there.has(key))).size;
  const taken = acl.ingress.filter((entry) => isWithin(numbers, entry)).length;
  const free = numbers.last - numbers.first + 1 - taken;
  if (missing > free)
    return [
      `Network ACL ${acl.id} has ${free} free entries under the numbers ${numbers.first}-${numbers.last}, and ${missing} may be needed at once: reserve more numbers, or wait for a window to end.`,
    ];
  return [isIpv4, isIpv6].flatMap((isOfFamily) => {
    const { length: present } = acl.ingress.filter(({ cidr }) => isOfFamily(cidr));
    const ours = needed.filter(({ address }) => isOfFamily(address)).map(denies);
    const { size: more } = new Set(ours.filter((key) => !there.has(key)));
    const quota = present > QUOTA ? RAISED_QUOTA : QUOTA;
    if (more === 0 || present + more <= quota) return [];
    return [
      `Network ACL ${acl.id} has ${present} inbound entries of that address family, and ${more} more may be needed: remove some, the quota is ${quota}.`,
    ];
  });
}

const isIpv6 = (cidr: string): boolean => cidr.includes(':');
const isIpv4 = (cidr: string): boolean => !isIpv6(cidr);
