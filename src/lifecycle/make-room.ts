import type { Approved } from '../domain/approved.ts';
import { cutsAgainst, deniesSame, isSameEntry, rulesToCut } from '../domain/cut.ts';
import type { In } from '../domain/request.ts';
import type { RuleNumbers } from '../domain/rule.ts';
import { every } from './bounded.ts';
import type { Placed } from './uncut.ts';
import type { Worker } from './worker.ts';

/** What would keep connections from being cut at the end of this window, as its workflow promises. */
export const cutProblem = (worker: Worker, opening: In<'opening'>): Promise<string | undefined> => {
  const { target, rules } = opening.intended;
  if (target.cut === null) return Promise.resolve(undefined);
  return worker.access.cutProblem(target, rules, rulesToCut(worker.log.state, opening));
};

/**
 * What denies this window its port before it is open: entries that an earlier grant of the same host has left in a network
 * ACL on the way. AWS is asked, under our own numbers and under those of whoever the log says has left one.
 */
export async function entriesAgainst(worker: Worker, { target, rules }: Approved): Promise<Placed[]> {
  const recorded = rules.flatMap((rule) => cutsAgainst(worker.log.state, target, rule));
  const ranges = new Map(
    [target.cut, ...recorded.map((cut) => cut.target.cut)]
      .filter((numbers) => numbers !== null)
      .map((numbers) => [rangeKey(numbers), numbers] as const),
  );
  const found = await every(
    [...ranges.values()].map(async (cut) => {
      const through = { ...target, cut };
      const entries = await worker.access.observeCuts(through);
      return entries.map((entry) => ({ target: through, entry }));
    }),
  );
  return found
    .flat()
    .filter(({ entry }) => rules.some((rule) => deniesSame(rule, entry)))
    .map(({ target: through, entry }) => ({
      target: recorded.find((cut) => isSameEntry(cut.entry, entry))?.target ?? through,
      entry,
    }));
}

const rangeKey = ({ first, last }: RuleNumbers): string => `${first}-${last}`;
