import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { CACHE } from '../../sandbox/programs/program.ts';
import { holderOf, tryLock, type Lock } from '../../sandbox/programs/lock.mjs';
import { CommandError, EXIT } from '../io.ts';

/** A folder with the state of one world, which nobody else uses until the lock is released. */
export type ClaimedFolder = {
  readonly path: string;
  readonly lock: Lock;
};

const AT_ONCE = 20;
const LOCK = 'lock';

/** Where demos keep their worlds, in the order in which they take them: one beside another has a world of its own. */
export const demoFolders = (prefix = ''): string[] =>
  Array.from({ length: AT_ONCE }, (_, position) => join(CACHE, 'demo', `${prefix}${position + 1}`));

/**
 * The first of the folders that nobody alive uses; what a killed demo held is free. With `fresh` it is emptied, otherwise
 * the world in it continues. CommandError when all are in use.
 */
export async function claimFolder(paths: readonly string[], { fresh = false } = {}): Promise<ClaimedFolder> {
  for (const path of paths) {
    await mkdir(path, { recursive: true });
    const lock = tryLock(join(path, LOCK));
    if (lock === undefined) continue;
    if (fresh) await empty(path);
    return { path, lock };
  }
  const [first = ''] = paths;
  const holder = holderOf(join(first, LOCK)) ?? 'unknown';
  const problem =
    paths.length === 1 ? `${first} is in use by process ${holder}` : 'Too many demos are running';
  throw new CommandError(EXIT.unknown, `${problem}: end one, or name another folder with --folder.`);
}

async function empty(path: string): Promise<void> {
  const names = (await readdir(path)).filter((name) => name !== LOCK);
  // The Redis of a demo that was just killed may write its last words while we remove them.
  for (const name of names) await rm(join(path, name), { recursive: true, force: true, maxRetries: 10 });
}
