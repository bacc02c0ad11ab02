import { z } from 'zod';
import { parseDuration } from '../../domain/time.ts';
import type { Finding } from './explain.ts';
import type { Path } from './positions.ts';
import { workflowFile } from './schema.ts';

type Report = (path: Path, text: string) => void;
type Check = (file: unknown, report: Report) => void;

const { target, sources, duration, requesters, approval, rotate } = workflowFile.shape;

/** However often it is prolonged. */
const MAX_WINDOW_SECONDS = 12 * 3_600;

/** Runs when the parts it looks at are well-formed, whatever else is wrong with the file. */
function check<Shape extends z.ZodRawShape>(
  shape: Shape,
  look: (parts: z.output<z.ZodObject<Shape>>, report: Report) => void,
): Check {
  const parts = z.object(shape);
  return (file, report) => {
    const parsed = parts.safeParse(file);
    if (parsed.success) look(parsed.data, report);
  };
}

const CHECKS: readonly Check[] = [
  check({ duration }, ({ duration: { default: offered, max, extend } }, report) => {
    if (seconds(offered) > seconds(max))
      report(['duration', 'default'], `must be at most duration.max, ${max}; it is ${offered}`);
    if (extend !== undefined && seconds(max) + extend.times * seconds(extend.by) > MAX_WINDOW_SECONDS)
      report(['duration', 'extend'], 'must leave a window of at most 12h: max and every extension together');
  }),

  check(
    { target },
    (
      {
        target: {
          account,
          region,
          roleArn,
          switch: { roleArn: switchRole, deadLetterQueue },
        },
      },
      report,
    ) => {
      sameAccount(['target', 'roleArn'], roleArn, account, report);
      sameAccount(['target', 'switch', 'roleArn'], switchRole, account, report);
      sameAccount(['target', 'switch', 'deadLetterQueue'], deadLetterQueue, account, report);
      sameRegion(['target', 'switch', 'deadLetterQueue'], deadLetterQueue, region, report);
    },
  ),

  check({ target, rotate }, ({ target: { account, region }, rotate: rotation }, report) => {
    if (rotation === 'none') return;
    sameAccount(['rotate', 'certificate'], rotation.certificate, account, report);
    sameRegion(['rotate', 'certificate'], rotation.certificate, region, report);
  }),

  check({ sources }, ({ sources: { typed, allow } }, report) => {
    if (!typed && allow.length === 0)
      report(['sources'], 'must allow something: typed: true, or sources under allow');
    for (const key of ['name', 'cidr'] as const) {
      allow.forEach((source, index) => {
        const first = allow.findIndex((other) => other[key] === source[key]);
        if (first < index)
          report(['sources', 'allow', index, key], `must differ from sources.allow[${first}].${key}`);
      });
    }
  }),

  check({ requesters }, ({ requesters: list }, report) => someone(['requesters'], list, report)),

  check({ approval }, ({ approval: { from, count } }, report) => {
    someone(['approval', 'from'], from, report);
    const { groups = [], users = [] } = from;
    if (groups.length === 0 && users.length > 0 && count > users.length) {
      report(['approval', 'count'], `must be at most ${users.length}: approval.from names no more people`);
    }
  }),

  check(
    { requesters, approval },
    ({ requesters: { users: askers = [] }, approval: { from, count } }, report) => {
      const { groups = [], users = [] } = from;
      if (groups.length > 0 || count > users.length) return;
      askers.forEach((asker, index) => {
        const others = users.filter((user) => user !== asker).length;
        if (others >= count) return;
        report(
          ['requesters', 'users', index],
          `could never be approved: the requester does not count, and approval.from leaves ${others} of ${count}`,
        );
      });
    },
  ),
];

/** What single values cannot show: that the parts of the file agree with each other. */
export function crossCheck(file: unknown): Finding[] {
  const findings: Finding[] = [];
  for (const run of CHECKS) run(file, (path, text) => findings.push({ path, text }));
  return findings;
}

const seconds = (text: string): number => parseDuration(text) ?? 0;

function someone(
  path: Path,
  {
    groups = [],
    users = [],
  }: { groups?: readonly string[] | undefined; users?: readonly string[] | undefined },
  report: Report,
): void {
  if (groups.length + users.length === 0) report(path, 'must name somebody: groups, users, or both');
}

// arn:partition:service:region:account:resource, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
function sameAccount(path: Path, arn: string, account: string, report: Report): void {
  const found = arn.split(':')[4];
  if (found !== account) report(path, `must be in target.account, ${account}; it is in ${found}`);
}

function sameRegion(path: Path, arn: string, region: string, report: Report): void {
  const found = arn.split(':')[3];
  if (found !== region) report(path, `must be in target.region, ${region}; it is in ${found}`);
}
