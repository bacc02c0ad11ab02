import { describe, expect, test } from '@jest/globals';
import { commitKey } from '../../../src/log/commit.ts';
import { SHOWN_RANGES } from '../../../src/log/listed.ts';
import { readLog, verifyLog, type LogStore, type Role } from '../../../src/log/index.ts';
import { AT, BOT, Chains, codeOf, KEYS, note, ORIGIN, signerOf, textOf, WORKER } from './support.ts';

/** Five commits, numbered 1 to 5, with 1 + 2 + 1 + 1 + 1 records. */
async function fiveCommits(): Promise<Chains> {
  const chains = await Chains.opened();
  await chains.commit([note('a'), note('b')]);
  await chains.commit([note('c', { type: 'worked' })], WORKER);
  await chains.commit([note('d')]);
  await chains.commit([note('e', { at: '2026-03-02T00:00:00.000Z' })]);
  return chains;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const drop = ({ store }: Chains, number: number) => store.objects.delete(commitKey(number));
const move = ({ store }: Chains, from: number, to: number) =>
  store.objects.set(commitKey(to), store.objects.get(commitKey(from))!);

describe('a whole log', () => {
  test('is valid, and the report says what was verified', async () => {
    const chains = await fiveCommits();

    expect(await verifyLog(chains.store)).toEqual({
      valid: true,
      trust: 'first-use',
      origin: ORIGIN,
      keys: KEYS,
      keyHistory: [
        {
          role: 'bot',
          key: KEYS.bot,
          records: 5,
          first: 0,
          last: 5,
          from: AT,
          to: '2026-03-02T00:00:00.000Z',
        },
        { role: 'worker', key: KEYS.worker, records: 1, first: 3, last: 3, from: AT, to: AT },
      ],
      found: 5,
      commits: 5,
      records: 6,
      newerFormat: 0,
      checkpoints: { given: 0, contained: 0 },
      anchored: 0,
      head: chains.chain?.head,
      from: AT,
      to: '2026-03-02T00:00:00.000Z',
    });
  });

  test('is valid under the keys, the origin and the checkpoint that are expected', async () => {
    const chains = await fiveCommits();
    const { size, rootHash } = chains.chain!.head;
    const expected = { origin: ORIGIN, trustedKeys: KEYS, contains: [{ size, rootHash }] };

    expect(await verifyLog(chains.store, expected)).toMatchObject({ valid: true, trust: 'given-keys' });
  });

  test('is handed out commit by commit', async () => {
    const chains = await fiveCommits();
    const sizes: number[] = [];

    await verifyLog(chains.store, { onCommit: ({ chain }) => sizes.push(chain.head.size) });

    expect(sizes).toEqual([1, 3, 4, 5, 6]);
  });

  test('may hold records of a newer format, which are counted', async () => {
    const chains = await fiveCommits();
    await chains.commit([{ format: 2, type: 'future', at: AT }, note('f')]);

    expect(await verifyLog(chains.store)).toMatchObject({ valid: true, records: 8, newerFormat: 1 });
  });

  test('is read from pages, and from the middle on', async () => {
    const chains = await Chains.opened();
    for (let i = 0; i < 240; i += 1) await chains.commit([note(String(i))]);
    const paged: LogStore = {
      read: (key) => chains.store.read(key),
      createIfAbsent: (key, body) => chains.store.createIfAbsent(key, body),
      list: async (after) => (await chains.store.list(after)).slice(0, 100),
    };
    const commits = await all(readLog(paged));

    const rest = await all(readLog(paged, {}, commits[129]!.chain));

    expect(commits.map(({ chain }) => chain.head.commit)).toEqual(
      Array.from({ length: 241 }, (_, i) => i + 1),
    );
    expect(rest).toEqual(commits.slice(130));
  });
});

describe('a log that is not whole', () => {
  const forge = async (chains: Chains, number: number, records: string, signer = BOT) => {
    const forged = new Chains();
    for (let i = 1; i < number; i += 1) forged.put(chains.store.objects.get(commitKey(i))!);
    chains.store.objects.set(commitKey(number), await forged.next([note(records)], signer));
  };

  test.each<[string, (chains: Chains) => unknown, number, string]>([
    [
      'a record is changed',
      (c) => c.alter(2, (text) => text.replace('"text":"a"', '"text":"x"')),
      2,
      'root-mismatch',
    ],
    ['a commit in the middle is dropped', (c) => drop(c, 3), 3, 'gap'],
    ['the first commit is dropped', (c) => drop(c, 1), 1, 'gap'],
    ['a later commit stands in for one', (c) => (move(c, 4, 3), drop(c, 4)), 3, 'root-mismatch'],
    ['a commit is repeated', (c) => move(c, 5, 6), 6, 'root-mismatch'],
    ['an old one stands at the end', (c) => move(c, 2, 6), 6, 'root-mismatch'],
    ['one is signed again, with other records', (c) => forge(c, 3, 'x', WORKER), 4, 'root-mismatch'],
    ['one is signed by another key', (c) => forge(c, 3, 'x', signerOf('bot', 9)), 3, 'unknown-key'],
    [
      'a signature is another one',
      (c) => c.alter(3, (text) => text.replace(/.{8}\n$/, 'AAAAAA==\n')),
      3,
      'bad-signature',
    ],
    [
      'something else lies beside it',
      (c) => c.store.objects.set('log/notes.txt', Buffer.of()),
      6,
      'malformed',
    ],
    ['one is empty', (c) => c.store.objects.set(commitKey(3), Buffer.of()), 3, 'malformed'],
  ])('is found out when %s', async (_, tamper, commit, code) => {
    const chains = await fiveCommits();
    await tamper(chains);

    const report = await verifyLog(chains.store);

    expect(report).toMatchObject({ valid: false, commits: commit - 1, firstBreak: { commit, code } });
    expect(report.found).toBe([...chains.store.objects.keys()].filter((key) => /\d$/.test(key)).length);
  });

  test('is found out when its end is missing, by a checkpoint that was seen before', async () => {
    const chains = await fiveCommits();
    const contains = [chains.chain!.head];
    drop(chains, 5);

    expect(await verifyLog(chains.store)).toMatchObject({ valid: true, commits: 4 });
    expect(await verifyLog(chains.store, { contains })).toMatchObject({
      valid: false,
      commits: 4,
      firstBreak: { commit: 5, code: 'head-moved-back' },
    });
  });

  test('is found out when it was forked, by a checkpoint that was seen before', async () => {
    const chains = await fiveCommits();
    const contains = [chains.chain!.head];
    drop(chains, 5);
    await forge(chains, 5, 'another end');

    expect(await verifyLog(chains.store)).toMatchObject({ valid: true });
    expect(await verifyLog(chains.store, { contains })).toMatchObject({
      valid: false,
      commits: 4,
      firstBreak: { commit: 5, code: 'root-mismatch' },
    });
  });

  test('is anchored up to the newest of the checkpoints that it contains', async () => {
    const chains = await Chains.opened();
    const [first] = [chains.chain!.head];
    await chains.commit([note('a'), note('b')]);
    const second = chains.chain!.head;
    await chains.commit([note('c')], WORKER);
    const forked = { size: 4, rootHash: first.rootHash };

    expect(await verifyLog(chains.store)).toMatchObject({ valid: true, anchored: 0 });
    expect(await verifyLog(chains.store, { contains: [second, first] })).toMatchObject({
      valid: true,
      checkpoints: { given: 2, contained: 2 },
      anchored: 3,
    });
    expect(await verifyLog(chains.store, { contains: [first, forked] })).toMatchObject({
      valid: false,
      checkpoints: { given: 2, contained: 1 },
      anchored: 1,
      firstBreak: { commit: 3, code: 'root-mismatch' },
    });
  });

  test('does not contain a checkpoint that lies between two of its own', async () => {
    const chains = await fiveCommits();
    const contains = [{ size: 2, rootHash: chains.chain!.head.rootHash }];

    expect(await verifyLog(chains.store, { contains })).toMatchObject({
      firstBreak: { commit: 2, code: 'root-mismatch' },
    });
  });

  test('is found out when a listed commit cannot be read', async () => {
    const chains = await fiveCommits();
    const hiding: LogStore = {
      read: async (key) => (key === commitKey(4) ? undefined : chains.store.read(key)),
      createIfAbsent: () => Promise.reject(new Error('not needed')),
      list: (after) => chains.store.list(after),
    };

    expect(await verifyLog(hiding)).toMatchObject({
      found: 5,
      commits: 3,
      firstBreak: { commit: 4, code: 'gap' },
    });
  });

  test('is counted to its end, however long it goes on after the break', async () => {
    const { store } = await fiveCommits();
    for (let number = 6; number <= 1_200; number += 1) store.objects.set(commitKey(number), Buffer.of());

    expect(await verifyLog(store)).toMatchObject({ found: 1_200, commits: 5, firstBreak: { commit: 6 } });
  });

  test('is told with every number that it lacks, not only the first', async () => {
    const { store } = await fiveCommits();
    for (let number = 6; number <= 300; number += 1) store.objects.set(commitKey(number), Buffer.of());
    for (const gone of [3, 150, 151, 152, 299]) store.objects.delete(commitKey(gone));

    const { firstBreak, found, missing } = await verifyLog(store);

    expect(firstBreak).toMatchObject({ commit: 3, code: 'gap' });
    expect(found).toBe(295);
    expect(missing).toEqual({
      commits: 5,
      ranges: [
        { first: 3, last: 3 },
        { first: 150, last: 152 },
        { first: 299, last: 299 },
      ],
    });
  });

  test('is told in a bounded length, however many numbers it lacks', async () => {
    const { store } = await fiveCommits();
    for (let number = 7; number < 107; number += 2) store.objects.set(commitKey(number), Buffer.of());

    const { missing } = await verifyLog(store);

    expect(missing?.commits).toBe(50);
    expect(missing?.ranges).toHaveLength(SHOWN_RANGES);
  });

  test('lacks no number where something else breaks it', async () => {
    const chains = await fiveCommits();
    chains.alter(3, (text) => `x${text}`);

    expect(await verifyLog(chains.store)).not.toHaveProperty('missing');
  });

  test('is found out when a record is signed by the wrong role', async () => {
    const chains = await fiveCommits();
    const authorOf = (type: string): Role | undefined => (type === 'worked' ? 'worker' : undefined);
    expect(await verifyLog(chains.store, { authorOf })).toMatchObject({ valid: true });
    await chains.commit([note('f', { type: 'worked' })], BOT);

    expect(await verifyLog(chains.store, { authorOf })).toMatchObject({
      valid: false,
      commits: 5,
      firstBreak: { commit: 6, code: 'wrong-role' },
    });
  });

  test('is not the log of another deployment, or of other keys', async () => {
    const { store } = await fiveCommits();

    expect(await verifyLog(store, { origin: 'other' })).toMatchObject({
      valid: false,
      commits: 0,
      firstBreak: { commit: 1, code: 'other-deployment' },
    });
    expect(await verifyLog(store, { trustedKeys: { ...KEYS, worker: BOT.vkey } })).toMatchObject({
      valid: false,
      firstBreak: { commit: 1, code: 'unknown-key' },
    });
  });

  test('is no log when there is nothing', async () => {
    expect(await verifyLog(new Chains().store)).toEqual({
      valid: false,
      trust: 'first-use',
      keyHistory: [],
      found: 0,
      commits: 0,
      records: 0,
      newerFormat: 0,
      checkpoints: { given: 0, contained: 0 },
      anchored: 0,
      firstBreak: { commit: 1, code: 'no-log', text: 'there is no log here' },
    });
  });
});

describe('a store that does not answer', () => {
  test('proves nothing', async () => {
    const { store } = await fiveCommits();
    store.weather = {
      before: (call) => (call === 'read' ? Promise.reject(new Error('down')) : Promise.resolve()),
    };

    expect(await codeOf(verifyLog(store))).toBe('store-unavailable');
  });

  test('is no proof against a commit that comes before', async () => {
    const chains = await fiveCommits();
    chains.alter(2, (text) => `x${text}`);
    chains.store.weather = {
      before: (_, key) => (key === commitKey(3) ? Promise.reject(new Error('down')) : Promise.resolve()),
    };

    expect(await verifyLog(chains.store)).toMatchObject({ firstBreak: { commit: 2, code: 'malformed' } });
    expect(textOf(chains.store.objects.get(commitKey(2)))).toMatch(/^x/);
  });
});
