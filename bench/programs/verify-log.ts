// Forked by the benchmark: verifies a log in a folder, or hashes the same bytes, and reports time and memory.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyKept } from '../../src/cli/log/verification.ts';
import { FolderLogStore } from '../../src/log/index.ts';

export type Verified = {
  readonly ms: number;
  readonly records: number;
  /** Resident bytes, at each tenth of the way. */
  readonly rss: readonly number[];
};

type Task = { readonly folder: string; readonly records: number; readonly hashOnly: boolean };

process.once('message', ({ folder, records, hashOnly }: Task) => {
  void (hashOnly ? hashed(folder) : verified(folder, records)).then((answer) => process.send?.(answer));
});

async function verified(folder: string, expected: number): Promise<Verified> {
  const rss: number[] = [];
  const before = performance.now();
  const store = new FolderLogStore(folder);
  const kept = { store, versions: undefined, now: Date.now(), retainMs: undefined };
  const { valid, records } = await verifyKept(kept, {
    onCommit: ({ chain: { head } }) => {
      if (head.size >= ((rss.length + 1) * expected) / 10) rss.push(process.memoryUsage.rss());
    },
  });
  if (!valid) throw new Error('the log that was made for this does not hold');
  return { ms: performance.now() - before, records, rss };
}

async function hashed(folder: string): Promise<Verified> {
  const before = performance.now();
  const inside = join(folder, 'log');
  for (const name of (await readdir(inside)).toSorted())
    createHash('sha256')
      .update(await readFile(join(inside, name)))
      .digest();
  return { ms: performance.now() - before, records: 0, rss: [] };
}
