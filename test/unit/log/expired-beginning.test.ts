import { describe, expect, test } from '@jest/globals';
import { readLog } from '../../../src/log/reader.ts';
import { commitKey } from '../../../src/log/commit.ts';
import { keptCheckpoint, readKeptCheckpoint } from '../../../src/log/kept-checkpoint.ts';
import { verifyLog } from '../../../src/log/index.ts';
import { AT, Chains, codeOf, KEYS, note, ORIGIN, signerOf, WORKER } from './support.ts';

/** Eight commits, and what was kept at the third and the fifth. */
async function eightCommits() {
  const chains = await Chains.opened();
  const kept: Record<number, string> = {};
  for (let n = 2; n <= 8; n += 1) {
    const at = `2026-03-0${n}T00:00:00.000Z`;
    await chains.commit([note(`a${n}`, { at }), note(`b${n}`, { at })], n % 2 === 0 ? WORKER : undefined);
    kept[n] = keptCheckpoint(chains.chain!);
  }
  return { chains, kept: (n: number) => readKeptCheckpoint(kept[n]!)!, text: (n: number) => kept[n]! };
}

const without = (rest: Record<string, unknown>, name: string): object =>
  Object.fromEntries(Object.entries(rest).filter(([each]) => each !== name));

const expire = ({ store }: Chains, upTo: number) => {
  for (let n = 1; n <= upTo; n += 1) store.objects.delete(commitKey(n));
};

describe('a log whose beginning has expired', () => {
  test('is not whole', async () => {
    const { chains } = await eightCommits();
    expire(chains, 4);

    expect(await verifyLog(chains.store)).toMatchObject({ valid: false, firstBreak: { code: 'gap' } });
  });

  test('is verified from a checkpoint that was kept, and the report says from where', async () => {
    const { chains, kept } = await eightCommits();
    expire(chains, 4);

    const report = await verifyLog(chains.store, { starts: [kept(5)], origin: ORIGIN });

    expect(report).toEqual({
      valid: true,
      trust: 'kept-checkpoint',
      start: kept(5).head,
      origin: ORIGIN,
      keys: KEYS,
      keyHistory: expect.any(Array),
      found: 3,
      commits: 3,
      records: 6,
      newerFormat: 0,
      checkpoints: { given: 0, contained: 0 },
      anchored: 9,
      head: chains.chain!.head,
      from: '2026-03-06T00:00:00.000Z',
      to: '2026-03-08T00:00:00.000Z',
    });
  });

  test('is verified from the first of several that it still has', async () => {
    const { chains, kept } = await eightCommits();
    expire(chains, 4);

    const report = await verifyLog(chains.store, { starts: [kept(7), kept(5), kept(3)] });

    expect(report).toMatchObject({ valid: true, start: { commit: 5 } });
  });

  test('may end where the checkpoint was kept', async () => {
    const { chains, kept } = await eightCommits();
    expire(chains, 7);

    const report = await verifyLog(chains.store, { starts: [kept(8)] });

    expect(report).toMatchObject({ valid: true, commits: 0, head: kept(8).head });
  });

  test('is anchored by what is later; nothing earlier can be compared, and none of that counts as found', async () => {
    const { chains, kept } = await eightCommits();
    expire(chains, 4);
    const contains = [kept(3).head, kept(5).head, kept(7).head];

    expect(await verifyLog(chains.store, { starts: [kept(5)], contains })).toMatchObject({
      valid: true,
      checkpoints: { given: 3, contained: 2 },
      anchored: 13,
    });
  });

  test('does not contain another checkpoint of as many records as the one that was kept', async () => {
    const { chains, kept } = await eightCommits();
    expire(chains, 4);
    const forked = { size: kept(5).head.size, rootHash: kept(7).head.rootHash };

    expect(
      await verifyLog(chains.store, { starts: [kept(5)], contains: [kept(5).head, forked] }),
    ).toMatchObject({
      valid: false,
      found: 3,
      commits: 0,
      checkpoints: { given: 2, contained: 1 },
      firstBreak: { commit: 5, code: 'root-mismatch' },
    });
  });

  test('descends from the given keys, or does not hold', async () => {
    const { chains, kept } = await eightCommits();
    expire(chains, 4);
    const starts = [kept(5)];
    const others = { ...KEYS, worker: signerOf('worker', 9).vkey };

    expect(await verifyLog(chains.store, { starts, trustedKeys: KEYS })).toMatchObject({ valid: true });
    expect(await verifyLog(chains.store, { starts, trustedKeys: others })).toMatchObject({
      valid: false,
      firstBreak: { commit: 5, code: 'unknown-key' },
    });
  });

  test('lacks no number before the place where it was kept', async () => {
    const { chains, kept } = await eightCommits();
    expire(chains, 4);
    chains.store.objects.delete(commitKey(7));

    expect(await verifyLog(chains.store, { starts: [kept(5)] })).toMatchObject({
      missing: { commits: 1, ranges: [{ first: 7, last: 7 }] },
    });
  });

  test.each<[string, (chains: Chains) => void, number, string]>([
    [
      'what follows was altered',
      (c) => c.alter(7, (text) => text.replace('"text":"a7"', '"text":"x"')),
      7,
      'root-mismatch',
    ],
    ['a later commit is gone', (c) => void c.store.objects.delete(commitKey(6)), 6, 'gap'],
  ])('does not hold when %s', async (_, alter, commit, code) => {
    const { chains, kept } = await eightCommits();
    expire(chains, 4);
    alter(chains);

    expect(await verifyLog(chains.store, { starts: [kept(5)] })).toMatchObject({
      valid: false,
      firstBreak: { commit, code },
    });
  });

  test.each<[string, (all: Awaited<ReturnType<typeof eightCommits>>) => object]>([
    ['of a commit that has expired as well', ({ kept }) => ({ starts: [kept(3)] })],
    ['of another deployment', ({ kept }) => ({ starts: [{ ...kept(5), origin: 'other' }], origin: ORIGIN })],
    [
      'of another log',
      ({ kept }) => ({
        starts: [{ ...kept(5), head: { ...kept(5).head, checkpoint: kept(7).head.checkpoint } }],
      }),
    ],
  ])('takes no checkpoint %s', async (_, options) => {
    const all = await eightCommits();
    expire(all.chains, 4);

    const report = await verifyLog(all.chains.store, options(all));

    expect(report).toMatchObject({ valid: false, firstBreak: { code: 'gap', commit: 1 } });
  });
});

test('a whole log is verified from its first commit, whatever was kept', async () => {
  const { chains, kept } = await eightCommits();

  const report = await verifyLog(chains.store, { starts: [kept(5)] });

  expect(report).toMatchObject({ valid: true, trust: 'first-use', commits: 8 });
});

test('an empty store has no beginning to take on trust', async () => {
  const { kept } = await eightCommits();

  expect(await verifyLog(new Chains().store, { starts: [kept(5)] })).toMatchObject({
    firstBreak: { code: 'no-log' },
  });
});

describe('a kept checkpoint', () => {
  test('goes on exactly where it was taken', async () => {
    const { chains, kept } = await eightCommits();
    const whole = [];
    for await (const commit of readLog(chains.store)) whole.push(commit.chain);

    expect(kept(5)).toEqual(whole[4]);
  });

  test('is a signed note first, which every reader of checkpoints takes', async () => {
    const { text, kept } = await eightCommits();

    expect(text(5).startsWith(kept(5).head.checkpoint)).toBe(true);
  });

  test('is nothing to go on from when it is a checkpoint alone', async () => {
    const { kept, text } = await eightCommits();
    const rest = text(5).split('\n').at(-2);

    expect(readKeptCheckpoint(kept(5).head.checkpoint)).toBeUndefined();
    expect(readKeptCheckpoint(`no note\n\n${rest}\n`)).toBeUndefined();
  });

  test.each<[string, (rest: Record<string, unknown>) => unknown, string]>([
    [
      'a tree that is not its own',
      (rest) => ({ ...rest, peaks: (rest['peaks'] as string[]).toReversed() }),
      'root-mismatch',
    ],
    ['too small a tree', (rest) => ({ ...rest, peaks: [] }), 'root-mismatch'],
    ['no number', (rest) => without(rest, 'commit'), 'malformed'],
    ['no peaks', (rest) => without(rest, 'peaks'), 'malformed'],
    ['no keys', (rest) => without(rest, 'keys'), 'malformed'],
    ['no ids of keys', (rest) => ({ ...rest, usedKeyIds: [1] }), 'malformed'],
    ['keys that are none', (rest) => ({ ...rest, keys: { bot: 'x', worker: 'y' } }), 'malformed'],
    [
      'a key of another log',
      (rest) => ({ ...rest, keys: { ...KEYS, worker: signerOf('worker', 2, 'other').vkey } }),
      'malformed',
    ],
  ])('is refused with %s', async (_, change, code) => {
    const { text } = await eightCommits();
    const [note = '', rest = ''] = text(6).split('\n{');

    const changed = `${note}\n${JSON.stringify(change(JSON.parse(`{${rest}`) as Record<string, unknown>))}\n`;

    expect(await codeOf(() => readKeptCheckpoint(changed))).toBe(code);
  });

  test('is refused when what follows is no JSON', async () => {
    const { text } = await eightCommits();

    expect(await codeOf(() => readKeptCheckpoint(text(5).replace('{', '{{')))).toBe('malformed');
  });
});

test('records of a time are counted, with where they are', async () => {
  const { chains } = await eightCommits();
  const time = (day: number) => Date.parse(`2026-03-0${day}T00:00:00.000Z`);

  const some = await verifyLog(chains.store, { within: { since: time(3), until: time(5) } });
  const none = await verifyLog(chains.store, { within: { since: -Infinity, until: Date.parse(AT) - 1 } });

  expect(some.within).toEqual({ records: 4, first: 3, last: 6 });
  expect(none.within).toEqual({ records: 0 });
});
