import { describe, expect, test } from '@jest/globals';
import { commitKey, MAX_BYTES, MAX_RECORDS } from '../../../src/log/commit.ts';
import { MemoryLogStore, verifyLog, type Signer } from '../../../src/log/index.ts';
import { BOT, codeOf, gate, HASTE, note, open, say, settle, signerOf, textOf, valid } from './support.ts';

describe('an append', () => {
  test('resolves with its result and its entries, once they are in the store', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);

    const done = await log.append((state) => ({ records: [note('a'), note('b')], result: state.length }));

    expect(done.result).toBe(1);
    expect(done.entries).toMatchObject([
      { index: 1, commit: 2, role: 'bot', record: note('a') },
      { index: 2, commit: 2, role: 'bot', record: note('b') },
    ]);
    expect(done.head).toEqual(log.head);
    expect(log.state).toEqual(['log.opened', 'a', 'b']);
    expect(textOf(store.objects.get(commitKey(2)))).toContain(log.head.checkpoint);
    expect(await valid(store)).toBe(true);
  });

  test('of no records writes nothing', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);

    const done = await log.append((state) => ({ records: [], result: state }));

    expect(done).toEqual({ result: ['log.opened'], entries: [], head: log.head });
    expect(store.objects.size).toBe(1);
  });

  test('shows nothing before the store has acknowledged it', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    const { held, release } = gate(store);

    const done = say(log, 'a');
    await settle();

    expect(held()).toBe(1);
    expect(log.state).toEqual(['log.opened']);
    expect(log.head.commit).toBe(1);
    release();
    await done;
    expect(log.state).toEqual(['log.opened', 'a']);
  });

  test('travels with those of the same moment, and those that wait travel together', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    const { release } = gate(store);

    const first = [say(log, 'a'), say(log, 'b')];
    await settle();
    const second = [say(log, 'c'), say(log, 'd'), say(log, 'e')];
    release();
    await Promise.all(first);
    while (store.objects.size < 3) {
      release();
      await settle();
    }
    const done = await Promise.all(second);

    expect(done.map(({ entries }) => [entries[0]?.commit, entries[0]?.index])).toEqual([
      [3, 3],
      [3, 4],
      [3, 5],
    ]);
    expect(store.objects.size).toBe(3);
    expect(await valid(store)).toBe(true);
  });

  test('sees what those before it in the same commit will leave', async () => {
    const log = await open(new MemoryLogStore());

    const seen = await Promise.all(
      ['a', 'b', 'c'].map((text) => log.append((state) => ({ records: [note(text)], result: state }))),
    );

    expect(seen.map(({ result }) => result.slice(1))).toEqual([[], ['a'], ['a', 'b']]);
  });

  test('that is refused rejects itself alone, with what it threw', async () => {
    const log = await open(new MemoryLogStore());
    const refusal = new Error('no');
    const refuse = () =>
      log.append(() => {
        throw refusal;
      });

    const [early, done, late] = await Promise.allSettled([refuse(), say(log, 'a'), refuse()]);

    expect(early).toEqual({ status: 'rejected', reason: refusal });
    expect(done.status).toBe('fulfilled');
    expect(late).toEqual({ status: 'rejected', reason: refusal });
    expect(log.state).toEqual(['log.opened', 'a']);
  });

  test('gets back what readers will read, whatever becomes of the object it gave', async () => {
    const log = await open(new MemoryLogStore());
    const record = note('a', { left: undefined, list: [1] });

    const done = log.append(() => ({ records: [record], result: null }));
    const { entries } = await done;

    expect(entries[0]?.record).toStrictEqual(note('a', { list: [1] }));
    expect(entries[0]?.record).not.toBe(record);
  });

  test.each([
    ['is not JSON', note('a', { n: Number.NaN }), 'malformed'],
    ['opens the log again', { ...note('a'), type: 'log.opened' }, 'malformed'],
    [
      'replaces the key of the other role',
      { ...note('a'), type: 'log.key-replaced', role: 'worker' },
      'wrong-role',
    ],
    ['fits into no commit', note('x'.repeat(MAX_BYTES)), 'too-large'],
  ])('of a record that %s is refused alone', async (_, record, code) => {
    const store = new MemoryLogStore();
    const log = await open(store);

    const refused = codeOf(log.append(() => ({ records: [record], result: 1 })));
    const [got] = await Promise.all([refused, say(log, 'a')]);

    expect(got).toBe(code);
    expect(log.state).toEqual(['log.opened', 'a']);
    expect(await valid(store)).toBe(true);
  });

  test('of more records than a commit may have is refused', async () => {
    const log = await open(new MemoryLogStore());
    const records = Array.from({ length: MAX_RECORDS + 1 }, () => note('a'));

    expect(await codeOf(log.append(() => ({ records, result: 1 })))).toBe('too-large');
  });

  test('that finds no room waits for the next commit, whole', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    const many = (text: string, count: number) =>
      log.append(() => ({ records: Array.from({ length: count }, () => note(text)), result: text }));
    const big = 'x'.repeat(MAX_BYTES / 2);

    const byCount = await Promise.all([many('a', MAX_RECORDS - 1), many('b', 2)]);
    const bySize = await Promise.all([say(log, big), say(log, big)]);

    expect(byCount.map(({ entries }) => new Set(entries.map(({ commit }) => commit)))).toEqual([
      new Set([2]),
      new Set([3]),
    ]);
    expect(bySize.map(({ entries }) => entries[0]?.commit)).toEqual([4, 5]);
    expect(await valid(store)).toBe(true);
  });

  test('of exactly as many records as a commit may have fits', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);

    await log.append(() => ({ records: Array.from({ length: MAX_RECORDS }, () => note('a')), result: 1 }));

    expect(await verifyLog(store)).toMatchObject({ valid: true, records: MAX_RECORDS + 1 });
  });

  test('fails when the key does not sign, and the next one goes on', async () => {
    const store = new MemoryLogStore();
    let silent = true;
    const signer: Signer = {
      ...BOT,
      sign: async (text) => (silent ? Promise.reject(new Error('no KMS')) : BOT.sign(text)),
    };
    await open(store);
    const log = await open(store, { signer });

    expect(await codeOf(say(log, 'a'))).toBe('signer-unavailable');
    silent = false;
    await say(log, 'b');

    expect(log.state).toEqual(['log.opened', 'b']);
  });

  test('never writes what a reader would refuse', async () => {
    const store = new MemoryLogStore();
    await open(store);
    const wrong = signerOf('bot', 9);
    const log = await open(store, { signer: { ...BOT, sign: (text) => wrong.sign(text) } });

    expect(await codeOf(say(log, 'a'))).toBe('bad-signature');
    expect(store.objects.size).toBe(1);
    expect(log.broken).toBeUndefined();
  });

  test('ends with the key that it replaces', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    const fresh = signerOf('bot', 9);
    const record = { ...note('a'), type: 'log.key-replaced', role: 'bot', key: fresh.vkey };

    await log.append(() => ({ records: [record], result: 1 }));

    expect(await codeOf(say(log, 'b'))).toBe('key-replaced');
    expect(log.broken).toBeUndefined();
    await say(await open(store, { signer: fresh }), 'c');
    expect(await valid(store)).toBe(true);
  });

  test('reads on once another process has replaced its key, and asks it for no signature any more', async () => {
    const store = new MemoryLogStore();
    const fresh = signerOf('bot', 9);
    let signatures = 0;
    const sign: Signer['sign'] = async (text) => {
      signatures += 1;
      return BOT.sign(text);
    };
    const log = await open(store, { signer: { ...BOT, sign } });
    const record = { ...note('a'), type: 'log.key-replaced', role: 'bot', key: fresh.vkey };
    await (await open(store)).append(() => ({ records: [record], result: 1 }));
    const before = { replacedBy: log.replacedBy, signatures };

    const code = await codeOf(say(log, 'b'));
    const after = signatures;
    const again = await codeOf(say(log, 'c'));

    await say(await open(store, { signer: fresh }), 'd');
    await log.refresh();
    expect(before.replacedBy).toBeUndefined();
    expect([code, again]).toEqual(['key-replaced', 'key-replaced']);
    // The one with which it lost the race, and none since.
    expect([after, signatures]).toEqual([before.signatures + 1, after]);
    expect(log.replacedBy).toBe(fresh.vkey);
    expect(log.state.at(-1)).toBe('d');
  });

  test('goes on with its own key when the other role has replaced its', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    const record = {
      ...note('a'),
      type: 'log.key-replaced',
      role: 'worker',
      key: signerOf('worker', 9).vkey,
    };
    await (
      await open(store, { signer: signerOf('worker') })
    ).append(() => ({ records: [record], result: 1 }));

    await say(log, 'b');

    expect(log.replacedBy).toBeUndefined();
    expect(await valid(store)).toBe(true);
  });
});

test('whoever appends again at once stands back for others, and whoever comes back later does not', async () => {
  const store = new MemoryLogStore({ before: settle });
  const pauses: number[] = [];
  const patience = { ...HASTE, wait: async (ms: number) => void pauses.push(ms) };
  const log = await open(store, { patience });

  await say(log, 'a');
  // In the same turn of the event loop, though not in the same breath.
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
  await say(log, 'b');
  await say(log, 'c');
  expect(pauses).toHaveLength(2);
  await settle();
  await say(log, 'd');

  expect(pauses).toHaveLength(2);
});
