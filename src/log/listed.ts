import type { Chain } from './chain.ts';
import { commitKey, commitNumber } from './commit.ts';
import { ask } from './reader.ts';
import { LIST_PAGE, type LogStore } from './types.ts';

/** Commit numbers, both ends included. */
export interface CommitRange {
  readonly first: number;
  readonly last: number;
}

export interface MissingCommits {
  readonly commits: number;
  /** In order, the first SHOWN_RANGES of them. */
  readonly ranges: readonly CommitRange[];
}

export const SHOWN_RANGES = 20;

/**
 * How many commits a store lists, and which numbers it lacks before the last of them; counted after the start, where there is
 * one. What is missing behind the last nobody can see here. LogError `store-unavailable`.
 */
export async function listCommits(
  store: LogStore,
  start: Chain | undefined,
): Promise<{ readonly found: number; readonly missing: MissingCommits }> {
  let found = 0;
  let commits = 0;
  const ranges: CommitRange[] = [];
  let before = start?.head.commit ?? 0;
  let after = start && commitKey(before);
  for (;;) {
    const keys = await ask(() => store.list(after));
    for (const number of keys.map(commitNumber).filter((each) => each !== undefined)) {
      const lacking = { first: before + 1, last: number - 1 };
      if (lacking.first <= lacking.last) {
        commits += number - lacking.first;
        if (ranges.length < SHOWN_RANGES) ranges.push(lacking);
      }
      found += 1;
      before = number;
    }
    if (keys.length < LIST_PAGE) return { found, missing: { commits, ranges } };
    after = keys.at(-1);
  }
}
