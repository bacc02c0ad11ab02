import { describe, expect, jest, test } from '@jest/globals';
import { commitKey } from '../../../src/log/commit.ts';
import { MemoryLogStore } from '../../../src/log/index.ts';
import { Chains, codeOf, note, onPuts, open, say, signerOf, valid, WORKER, type TextLog } from './support.ts';

describe('a lost race', () => {
  test('decides again on what the other wrote, in the next commit', async () => {
    const store = new MemoryLogStore();
    const [ours, theirs] = [await open(store), await open(store, { signer: WORKER })];
    await say(theirs, 'theirs');
    const states: unknown[] = [];

    const done = await ours.append((state) => {
      states.push(state.slice(1));
      return { records: [note('ours')], result: state.length };
    });

    expect(states).toEqual([[], ['theirs']]);
    expect(done).toMatchObject({ result: 2, entries: [{ commit: 3, index: 2, role: 'bot' }] });
    expect(ours.state).toEqual(['log.opened', 'theirs', 'ours']);
  });

  test('may turn into a refusal, or into nothing to write', async () => {
    const store = new MemoryLogStore();
    const [ours, theirs] = [await open(store), await open(store, { signer: WORKER })];
    await say(theirs, 'taken');
    const once = (log: TextLog) =>
      log.append((state) => {
        if (state.includes('taken')) throw new Error('already taken');
        return { records: [note('taken')], result: 1 };
      });
    const quietly = (log: TextLog) =>
      log.append((state) => ({
        records: state.includes('taken') ? [] : [note('taken')],
        result: state.length,
      }));

    const [refused, quiet] = await Promise.allSettled([once(ours), quietly(ours)]);

    expect(refused).toMatchObject({ status: 'rejected', reason: { message: 'already taken' } });
    expect(quiet).toMatchObject({ status: 'fulfilled', value: { result: 2, entries: [] } });
    expect(store.objects.size).toBe(2);
  });

  test('takes back a refusal that rested on what was not written', async () => {
    const store = new MemoryLogStore();
    const [ours, theirs] = [await open(store), await open(store, { signer: WORKER })];
    await say(theirs, 'theirs');

    const [first, second] = await Promise.allSettled([
      ours.append((state) => ({ records: state.includes('theirs') ? [] : [note('a')], result: 1 })),
      ours.append((state) => {
        if (state.includes('a')) throw new Error('there is an a');
        return { records: [note('b')], result: 2 };
      }),
    ]);

    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'fulfilled', value: { result: 2 } });
    expect(ours.state).toEqual(['log.opened', 'theirs', 'b']);
  });

  test('is told to subscribers in the order of the log', async () => {
    const store = new MemoryLogStore();
    const [ours, theirs] = [await open(store), await open(store, { signer: WORKER })];
    await say(theirs, 'x');
    await say(theirs, 'y');
    const heard: unknown[] = [];
    const stop = ours.subscribe((entries, state) =>
      heard.push([entries.map(({ record }) => record.text), state.length]),
    );

    await say(ours, 'z');
    stop();
    await say(ours, 'unheard');

    expect(heard).toEqual([
      [['x'], 2],
      [['y'], 3],
      [['z'], 4],
    ]);
  });

  test('against a commit that does not hold breaks the log for good', async () => {
    const chains = await Chains.opened();
    const log = await open(chains.store);
    chains.store.objects.set(commitKey(2), await chains.next([note('forged')], signerOf('bot', 9)));

    const [first, second] = await Promise.all([codeOf(say(log, 'a')), codeOf(say(log, 'b'))]);

    expect([first, second]).toEqual(['unknown-key', 'unknown-key']);
    expect(log.broken).toMatchObject({ code: 'unknown-key', commit: 2 });
    chains.store.objects.delete(commitKey(2));
    expect(await codeOf(say(log, 'c'))).toBe('unknown-key');
    expect(await codeOf(log.refresh())).toBe('unknown-key');
    expect(log.state).toEqual(['log.opened']);
    expect(chains.store.objects.size).toBe(1);
  });
});

describe('a PUT without an answer', () => {
  test('that was made is recognised, and not made twice', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    store.weather = onPuts('lost');

    await say(log, 'a');

    expect(log.state).toEqual(['log.opened', 'a']);
    expect(store.objects.size).toBe(2);
  });

  test('that was not made is made again with the same bytes', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    const decided = jest.fn(() => ({ records: [note('a')], result: 1 }));
    store.weather = onPuts('down', 'down');

    await log.append(decided);

    expect(decided).toHaveBeenCalledTimes(1);
    expect(log.state).toEqual(['log.opened', 'a']);
  });

  test('that somebody else made first is a lost race', async () => {
    const store = new MemoryLogStore();
    const [ours, theirs] = [await open(store), await open(store, { signer: WORKER })];
    await say(theirs, 'theirs');
    store.weather = onPuts('lost');

    await say(ours, 'ours');

    expect(ours.state).toEqual(['log.opened', 'theirs', 'ours']);
  });

  test('that never comes fails everything that rested on it, and leaves the state as it was', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    store.weather = onPuts('down', 'down', 'down');
    const refused = log.append((state) => {
      if (state.includes('a')) throw new Error('there is an a');
      return { records: [], result: 1 };
    });

    const first = say(log, 'a');
    const second = log.append((state) => ({ records: [], result: state }));

    await expect(refused).resolves.toMatchObject({ result: 1 });
    expect(await Promise.all([codeOf(first), codeOf(second)])).toEqual([
      'store-unavailable',
      'store-unavailable',
    ]);
    expect(log.state).toEqual(['log.opened']);
    expect(log.broken).toBeUndefined();
    await say(log, 'b');
    expect(log.state).toEqual(['log.opened', 'b']);
  });

  test('may land later: the next append reads before it decides', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    let late: (() => void) | undefined;
    const create = store.createIfAbsent.bind(store);
    store.createIfAbsent = (key, body) => {
      late = () => store.objects.set(key, body);
      return Promise.reject(new Error('no answer'));
    };
    expect(await codeOf(say(log, 'a'))).toBe('store-unavailable');
    store.createIfAbsent = create;
    late?.();
    const states: unknown[] = [];

    await log.append((state) => {
      states.push(state.slice(1));
      return { records: [note('b')], result: 1 };
    });

    expect(states).toEqual([['a']]);
    expect(log.state).toEqual(['log.opened', 'a', 'b']);
    expect(await valid(store)).toBe(true);
  });

  test('keeps everybody waiting only as long as the store is down', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    store.weather = { before: () => Promise.reject(new Error('down')) };
    expect(await codeOf(say(log, 'a'))).toBe('store-unavailable');

    const next = await Promise.all([codeOf(say(log, 'b')), codeOf(log.refresh())]);

    expect(next).toEqual(['store-unavailable', 'store-unavailable']);
    store.weather = {};
    await say(log, 'c');
    expect(log.state).toEqual(['log.opened', 'c']);
  });

  test('that is answered with "exists" by a store that tried twice is recognised as our own', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    const create = store.createIfAbsent.bind(store);
    store.createIfAbsent = async (key, body) => {
      await create(key, body);
      return create(key, body);
    };

    await say(log, 'a');

    expect(log.state).toEqual(['log.opened', 'a']);
    expect(store.objects.size).toBe(2);
  });

  test('that says "exists" of nothing is tried again', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    const create = store.createIfAbsent.bind(store);
    store.createIfAbsent = () => {
      store.createIfAbsent = create;
      return Promise.resolve('exists');
    };

    await say(log, 'a');

    expect(log.state).toEqual(['log.opened', 'a']);
  });
});
