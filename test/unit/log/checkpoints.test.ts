import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { verifyLog, type Head } from '../../../src/log/index.ts';
import { consistencyProof, verifyConsistency } from '../../support/consistency.ts';
import { Chains, note, WORKER } from './support.ts';

/** A log whose commits after the first have so many records each, with every checkpoint and leaf of it. */
async function logOf(sizes: readonly number[]) {
  const chains = await Chains.opened();
  const opened = chains.chain!.head;
  // The leaf of the first record is known by its root.
  const leaves: Uint8Array[] = [Buffer.from(opened.rootHash, 'base64')];
  const heads: Head[] = [opened];
  for (const [n, size] of sizes.entries()) {
    const records = Array.from({ length: size }, (_, i) => note(`${n} ${i}`));
    const entries = await chains.commit(records, n % 2 === 0 ? WORKER : undefined);
    leaves.push(...entries.map(({ leafHash }) => leafHash));
    heads.push(chains.chain!.head);
  }
  return { store: chains.store, heads, leaves };
}

const root = ({ rootHash }: Head): Uint8Array => Buffer.from(rootHash, 'base64');
const commits = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });

test('any two checkpoints that a log contains are consistent, as those who have no log would prove it', async () => {
  await fc.assert(
    fc.asyncProperty(commits, fc.nat(), fc.nat(), async (sizes, some, other) => {
      const { store, heads, leaves } = await logOf(sizes);
      const [a, b] = [some % heads.length, other % heads.length].toSorted((x, y) => x - y);
      const [early, late] = [heads[a!]!, heads[b!]!];

      const { valid, checkpoints, anchored } = await verifyLog(store, { contains: [late, early] });

      const proof = consistencyProof(early.size, leaves.slice(0, late.size));
      expect({ valid, checkpoints, anchored }).toEqual({
        valid: true,
        checkpoints: { given: 2, contained: 2 },
        anchored: late.size,
      });
      expect(verifyConsistency(early.size, late.size, root(early), root(late), proof)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('of two that are not consistent a log contains one at most', async () => {
  await fc.assert(
    fc.asyncProperty(commits, fc.nat(), async (sizes, some) => {
      const { store, heads, leaves } = await logOf(sizes);
      const late = heads.at(-1)!;
      const early = heads[some % heads.length]!;
      const forked = { ...early, rootHash: Buffer.alloc(32, 7).toString('base64') };

      const { valid, checkpoints } = await verifyLog(store, { contains: [late, forked] });

      const proof = consistencyProof(early.size, leaves.slice(0, late.size));
      expect(verifyConsistency(early.size, late.size, root(forked), root(late), proof)).toBe(false);
      expect([valid, checkpoints.contained < 2]).toEqual([false, true]);
    }),
    { numRuns: 40 },
  );
});
