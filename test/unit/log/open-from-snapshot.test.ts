import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { commitKey } from '../../../src/log/commit.ts';
import { LogError, MemoryLogStore, openLog, type LogRecord, type Role } from '../../../src/log/index.ts';
import { readCommit, writeCommit, type Chain } from '../../../src/log/chain.ts';
import { canonicalText } from '../../../src/log/canonical.ts';
import { beginningOf } from '../../../src/log/snapshot-chain.ts';
import { MAX_SNAPSHOT_BYTES, snapshotKey } from '../../../src/log/snapshot.ts';
import {
  AT,
  BOT,
  bytesOf,
  Chains,
  codeOf,
  HASTE,
  KEYS,
  note,
  open,
  say,
  signerOf,
  texts,
  WORKER,
} from './support.ts';
import { KeptTexts, keep, KIND, PREFIX, sealed, snapshotStore } from './snapshot-support.ts';

/** Ten commits after the first, a text each, and the chain at every one of them. */
async function tenCommits(): Promise<{ store: MemoryLogStore; chains: readonly Chain[] }> {
  const log = await Chains.opened();
  const chains = [log.chain!];
  for (let i = 2; i <= 11; i += 1) {
    await log.commit([note(`text ${i}`)], i % 3 === 0 ? WORKER : BOT);
    chains.push(log.chain!);
  }
  return { store: log.store, chains };
}

const ALL = ['log.opened', ...Array.from({ length: 10 }, (_, i) => `text ${i + 2}`)];
const upTo = (commit: number): string[] => ALL.slice(0, commit);

function readsOf(store: MemoryLogStore): string[] {
  const keys: string[] = [];
  store.weather = { before: async (call, key) => void (call === 'read' && keys.push(key!)) };
  return keys;
}

describe('a log with snapshots', () => {
  test('is read from the newest one on', async () => {
    const { store, chains } = await tenCommits();
    const kept = snapshotStore();
    for (const commit of [3, 8]) await keep(kept, chains[commit - 1]!, upTo(commit));
    const [reads, keptReads] = [readsOf(store), readsOf(kept)];
    const snapshots = new KeptTexts(kept);

    const log = await open(store, { snapshots });

    expect(log.state).toEqual(ALL);
    expect(log.head).toEqual(chains.at(-1)!.head);
    expect(keptReads).toEqual([snapshotKey(PREFIX, 8)]);
    expect(reads).toEqual([8, 9, 10, 11].map(commitKey));
    expect(snapshots.events).toEqual([{ event: 'believed', commit: 8 }]);
  });

  test('is read from the first commit on as long as there is none', async () => {
    const { store } = await tenCommits();
    const snapshots = new KeptTexts(snapshotStore());

    const log = await open(store, { snapshots });

    expect(log.state).toEqual(ALL);
    expect(snapshots.events).toEqual([]);
  });

  test('can be begun', async () => {
    const store = new MemoryLogStore();

    const log = await open(store, { snapshots: new KeptTexts(snapshotStore()) });

    expect((await say(log, 'a')).head.commit).toBe(2);
  });

  const anyRecord = fc.record({
    text: fc.string({ unit: 'grapheme', maxLength: 20 }),
    format: fc.constantFrom(1, 1, 1, 2),
  });
  const anyCommit = fc.record({
    role: fc.constantFrom<Role>('bot', 'worker'),
    records: fc.array(anyRecord, { minLength: 1, maxLength: 4 }),
    replaces: fc.boolean(),
  });

  test('is, from any place and with whatever follows, exactly what it is from its beginning', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyCommit, { minLength: 1, maxLength: 12 }),
        fc.nat(),
        async (commits, anywhere) => {
          const written = await Chains.opened();
          const signers = { bot: BOT, worker: WORKER };
          const places = [written.chain!];
          for (const [i, { role, records, replaces }] of commits.entries()) {
            const all: LogRecord[] = records.map(({ text, format }) => note(text, { format }));
            // Our own key stays: who signs with another one believes none of our snapshots.
            const next = signerOf('worker', 100 + i);
            const turns = replaces && role === 'worker';
            if (turns) all.push({ ...note(''), type: 'log.key-replaced', role, key: next.vkey } as LogRecord);
            await written.commit(all, signers[role]);
            if (turns) signers.worker = next;
            places.push(written.chain!);
          }
          const whole = await openLog({
            store: written.store,
            signer: BOT,
            projection: texts,
            patience: HASTE,
          });
          const place = places[anywhere % places.length]!;
          const kept = snapshotStore();
          await keep(kept, place, whole.state.slice(0, place.head.size));

          const snapshots = new KeptTexts(kept);
          const log = await open(written.store, { snapshots });

          expect(snapshots.events).toEqual([{ event: 'believed', commit: place.head.commit }]);
          expect([log.state, log.head, log.origin]).toEqual([whole.state, whole.head, whole.origin]);
          await say(log, 'goes on');
          await whole.refresh();
          expect([log.state, log.head]).toEqual([whole.state, whole.head]);
          // The keys are the same ones too.
          const other = await open(written.store, { signer: signers.worker });
          await say(other, 'the other role');
          await log.refresh();
          expect(log.head).toEqual(other.head);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a snapshot that is not believed is reported, and the next older one is', () => {
  const line = (chain: Chain): object => beginningOf(chain, KIND);
  const wrong = ['a state that never was'];

  test.each<[string, (chain: Chain) => Promise<Uint8Array> | Uint8Array, string]>([
    ['forged', (chain) => sealed([line(chain), ...wrong], 8, signerOf('bot', 9)), 'unknown-key'],
    ['signed by the other role', (chain) => sealed([line(chain), ...wrong], 8, WORKER), 'unknown-key'],
    [
      'forged in our name',
      (chain) => sealed([line(chain), ...wrong], 8, { ...BOT, sign: WORKER.sign }),
      'bad-signature',
    ],
    [
      'forged with a key ring of its own',
      (chain) => {
        const forger = signerOf('bot', 9);
        const keys = { bot: forger.vkey, worker: WORKER.vkey };
        return sealed([{ ...line(chain), keys }, ...wrong], 8, forger);
      },
      'unknown-key',
    ],
    [
      'altered',
      async (chain) => {
        const bytes = await sealed([line(chain), ...upTo(8)], 8);
        bytes[bytes.length - 5]! ^= 1;
        return bytes;
      },
      'malformed',
    ],
    ['cut off', async (chain) => (await sealed([line(chain), ...upTo(8)], 8)).subarray(0, -1), 'malformed'],
    ['empty', () => new Uint8Array(), 'malformed'],
    ['an older one under a newer number', (chain) => sealed([line(chain), ...upTo(8)], 7), 'malformed'],
    ['a checkpoint', (chain) => bytesOf(chain.head.checkpoint), 'malformed'],
    ['too large', () => new Uint8Array(MAX_SNAPSHOT_BYTES + 1), 'too-large'],
    [
      'of a later version',
      (chain) => sealed([{ ...line(chain), format: 2 }, ...upTo(8)], 8),
      'unknown-format',
    ],
    [
      'of another kind of state',
      (chain) => sealed([{ ...line(chain), kind: 'texts-2' }, ...upTo(8)], 8),
      'unknown-format',
    ],
    [
      'of another log',
      async () => {
        const other = signerOf('bot', 1, 'other');
        const { chain } = await Chains.opened();
        return sealed([line(chain!), ...wrong], 8, other);
      },
      'unknown-key',
    ],
  ])('when it is %s', async (_, make, code) => {
    const { store, chains } = await tenCommits();
    const kept = snapshotStore();
    await keep(kept, chains[4]!, upTo(5));
    kept.objects.set(snapshotKey(PREFIX, 8), await make(chains[7]!));
    const snapshots = new KeptTexts(kept);

    const log = await open(store, { snapshots });

    expect(log.state).toEqual(ALL);
    expect(log.head).toEqual(chains.at(-1)!.head);
    const [skipped, believed] = snapshots.events;
    expect(skipped).toMatchObject({ event: 'skipped', commit: 8, error: { code } });
    expect(believed).toEqual({ event: 'believed', commit: 5 });
  });

  test('when its lines are not those of a state, whoever signed it', async () => {
    const { store, chains } = await tenCommits();
    const kept = snapshotStore();
    await keep(kept, chains[4]!, upTo(5));
    await keep(kept, chains[7]!, [...upTo(7), { not: 'a text' }]);
    const snapshots = new KeptTexts(kept);

    const log = await open(store, { snapshots });

    expect(log.state).toEqual(ALL);
    expect(snapshots.events).toMatchObject([
      { event: 'skipped', commit: 8, error: { message: 'not a text' } },
      { event: 'believed', commit: 5 },
    ]);
  });

  test('when it is gone since it was listed', async () => {
    const { store, chains } = await tenCommits();
    const kept = snapshotStore();
    await keep(kept, chains[7]!, upTo(8));
    kept.weather = { after: async (call) => void (call === 'list' && kept.objects.clear()) };
    const snapshots = new KeptTexts(kept);

    const log = await open(store, { snapshots });

    expect(log.state).toEqual(ALL);
    expect(snapshots.events[0]).toMatchObject({ event: 'skipped', commit: 8, error: { code: 'gap' } });
  });

  test('and after eight of them the log is read from its beginning', async () => {
    const { store, chains } = await tenCommits();
    const kept = snapshotStore();
    await keep(kept, chains[4]!, upTo(5));
    for (let i = 0; i < 8; i += 1) kept.objects.set(snapshotKey(PREFIX, 1_000_000 + i), bytesOf('junk'));
    kept.objects.set(`${PREFIX}stray`, bytesOf('no snapshot at all'));
    const snapshots = new KeptTexts(kept);
    const reads = readsOf(store);

    const log = await open(store, { snapshots });

    expect(log.state).toEqual(ALL);
    expect(reads).toHaveLength(11);
    expect(snapshots.events.map((event) => event.event)).toEqual(Array(8).fill('skipped'));
  });

  test('and neither does a bucket full of them keep a process from starting', async () => {
    const { store } = await tenCommits();
    const kept = snapshotStore();
    let page = 0;
    kept.list = async () => {
      page += 1;
      return Array.from({ length: 100 }, (_, i) => snapshotKey(PREFIX, page * 100 + i));
    };
    const snapshots = new KeptTexts(kept);

    const log = await open(store, { snapshots });

    expect(log.state).toEqual(ALL);
    expect(page).toBe(100);
    expect(snapshots.events).toMatchObject([
      { event: 'skipped', commit: undefined, error: { code: 'too-large' } },
    ]);
  });

  test('nor does a store of snapshots that is down', async () => {
    const { store } = await tenCommits();
    const kept = snapshotStore();
    kept.weather = { before: () => Promise.reject(new Error('down')) };
    const snapshots = new KeptTexts(kept);

    const log = await open(store, { snapshots });

    expect(log.state).toEqual(ALL);
    expect(snapshots.events).toMatchObject([
      { event: 'skipped', commit: undefined, error: { code: 'store-unavailable' } },
    ]);
  });
});

test('among many pages the newest snapshots are the last ones', async () => {
  const { store, chains } = await tenCommits();
  const kept = snapshotStore();
  await keep(kept, chains[7]!, upTo(8));
  kept.list = async (after) =>
    after === undefined ? Array.from({ length: 100 }, (_, i) => `${PREFIX}${i}`) : [snapshotKey(PREFIX, 8)];
  const snapshots = new KeptTexts(kept);

  await open(store, { snapshots });

  expect(snapshots.events).toEqual([{ event: 'believed', commit: 8 }]);
});

describe('a log that our own role has seen otherwise', () => {
  test.each<[string, (store: MemoryLogStore) => void, string]>([
    [
      'ends before that',
      (store) => [8, 9, 10, 11].forEach((n) => store.objects.delete(commitKey(n))),
      'head-moved-back',
    ],
    ['is empty', (store) => store.objects.clear(), 'head-moved-back'],
    ['has junk in that place', (store) => store.objects.set(commitKey(8), bytesOf('junk')), 'malformed'],
  ])('is refused when it %s', async (_, tamper, code) => {
    const { store, chains } = await tenCommits();
    const kept = snapshotStore();
    await keep(kept, chains[7]!, upTo(8));
    tamper(store);

    expect(await codeOf(open(store, { snapshots: new KeptTexts(kept) }))).toBe(code);
  });

  test('is refused when it was written anew from there on, even by those who hold the keys', async () => {
    const { store, chains } = await tenCommits();
    const kept = snapshotStore();
    await keep(kept, chains[7]!, upTo(8));
    let { chain } = readCommit(chains[6], await writeCommit(chains[6]!, [canonicalText(note('other'))], BOT));
    store.objects.set(commitKey(8), await writeCommit(chains[6]!, [canonicalText(note('other'))], BOT));
    for (let n = 9; n <= 11; n += 1) {
      const bytes = await writeCommit(chain, [canonicalText(note(`other ${n}`))], BOT);
      store.objects.set(commitKey(n), bytes);
      ({ chain } = readCommit(chain, bytes));
    }
    await expect(open(store)).resolves.toBeDefined();

    expect(await codeOf(open(store, { snapshots: new KeptTexts(kept) }))).toBe('root-mismatch');
  });

  test('is not known to be one while it is down', async () => {
    const { store, chains } = await tenCommits();
    const kept = snapshotStore();
    await keep(kept, chains[7]!, upTo(8));
    store.weather = { before: () => Promise.reject(new Error('down')) };

    expect(await codeOf(open(store, { snapshots: new KeptTexts(kept) }))).toBe('store-unavailable');
  });

  test('is found out in what follows the snapshot as anywhere else', async () => {
    const { store, chains } = await tenCommits();
    const kept = snapshotStore();
    await keep(kept, chains[7]!, upTo(8));
    store.objects.delete(commitKey(10));

    expect(await codeOf(open(store, { snapshots: new KeptTexts(kept) }))).toBe('gap');
  });
});

describe('a key that has been replaced', () => {
  const replaced = signerOf('bot', 5);
  const replacing = { ...note(''), type: 'log.key-replaced', role: 'bot', key: replaced.vkey };

  test('makes nobody believe anything any more: its successor reads the log from the beginning', async () => {
    const log = await Chains.opened();
    const kept = snapshotStore();
    await keep(kept, log.chain!, ['what the old key says']);
    await log.commit([replacing], BOT);
    const snapshots = new KeptTexts(kept);

    const opened = await open(log.store, { signer: replaced, snapshots });

    expect(opened.state).toEqual(['log.opened', '']);
    expect(snapshots.events).toMatchObject([{ event: 'skipped', error: { code: 'unknown-key' } }]);
    expect(await codeOf(open(log.store, { snapshots: new KeptTexts(kept) }))).toBe('unknown-key');
  });
});

describe('what can be compared with the first commits only', () => {
  test.each([
    ['trusted keys', { trustedKeys: KEYS }, { trustedKeys: { ...KEYS, worker: BOT.vkey } }, 'unknown-key'],
    [
      'a checkpoint seen before',
      { contains: [{ size: 1, rootHash: 'FUhFFOu0srEpuGw0i8egAfOZCUfjYG5ERedcj3PasCE=' }] },
      { contains: [{ size: 1, rootHash: 'a' }] },
      'root-mismatch',
    ],
  ])('is compared with them, snapshot or not: %s', async (_, right, wrong, code) => {
    const { store, chains } = await tenCommits();
    const kept = snapshotStore();
    await keep(kept, chains[7]!, upTo(8));
    const snapshots = new KeptTexts(kept);

    const log = await open(store, { snapshots, ...right });

    expect(log.state).toEqual(ALL);
    expect(snapshots.events.some(({ event }) => event === 'believed')).toBe(false);
    expect(await codeOf(open(store, { snapshots, ...wrong }))).toBe(code);
  });
});

test('what is reported can be shown: it is an error of ours, or names none of the content', async () => {
  const { store } = await tenCommits();
  const kept = snapshotStore();
  kept.objects.set(snapshotKey(PREFIX, 8), bytesOf(`\u001b[31mfake\n${AT}\n`));
  const snapshots = new KeptTexts(kept);

  await open(store, { snapshots });

  const [event] = snapshots.events;
  const { error } = event as { error: LogError };
  expect(error).toBeInstanceOf(LogError);
  expect(error.message).not.toContain('\u001b');
});
