import { describe, expect, jest, test } from '@jest/globals';
import { commitKey, MAX_BYTES, MAX_RECORDS } from '../../../src/log/commit.ts';
import { MemoryLogStore, verifyLog, type Signer, type Weather } from '../../../src/log/index.ts';
import {
  AT,
  BOT,
  bytesOf,
  Chains,
  codeOf,
  note,
  open,
  signerOf,
  textOf,
  WORKER,
  type TextLog,
} from './support.ts';

const say = (log: TextLog, text: string) => log.append(() => ({ records: [note(text)], result: text }));

const valid = async (store: MemoryLogStore): Promise<boolean> => (await verifyLog(store)).valid;

/** Holds every PUT back until it is let go. */
function gate(store: MemoryLogStore): { held: () => number; release: () => void } {
  const held: (() => void)[] = [];
  store.weather = {
    before: (call) =>
      call === 'create' ? new Promise<void>((resolve) => held.push(resolve)) : Promise.resolve(),
  };
  return { held: () => held.length, release: () => held.splice(0).forEach((go) => go()) };
}

/** Lets everything that needs no PUT happen. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i += 1) await new Promise(setImmediate);
};

/** The given faults, one for each PUT in turn; fine weather afterwards. */
const onPuts = (...faults: readonly ('down' | 'lost' | 'fine')[]): Weather => {
  const rest = [...faults];
  const fault = (when: string) => async (call: string) => {
    if (call !== 'create' || rest[0] === undefined) return;
    if (rest[0] === when) throw new Error(rest.shift());
    if (when === 'lost') rest.shift();
  };
  return { before: fault('down'), after: fault('lost') };
};

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

    expect(await codeOf(say(log, 'b'))).toBe('unknown-key');
    expect(log.broken).toBeUndefined();
    await say(await open(store, { signer: fresh }), 'c');
    expect(await valid(store)).toBe(true);
  });
});

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

describe('a refresh', () => {
  test('reads what others have written', async () => {
    const store = new MemoryLogStore();
    const [ours, theirs] = [await open(store), await open(store, { signer: WORKER })];
    await say(theirs, 'a');
    await say(theirs, 'b');

    const [head] = await Promise.all([ours.refresh(), ours.refresh()]);

    expect(head).toEqual(theirs.head);
    expect(ours.state).toEqual(['log.opened', 'a', 'b']);
  });

  test('comes before the appends that wait with it', async () => {
    const store = new MemoryLogStore();
    const [ours, theirs] = [await open(store), await open(store, { signer: WORKER })];
    await say(theirs, 'a');
    const states: unknown[] = [];

    await Promise.all([
      ours.append((state) => {
        states.push(state.slice(1));
        return { records: [], result: 1 };
      }),
      ours.refresh(),
    ]);

    expect(states).toEqual([['a']]);
  });

  test.each<[string, (store: MemoryLogStore) => unknown, string]>([
    ['its head is gone', (store) => store.objects.delete(commitKey(3)), 'head-moved-back'],
    ['everything is gone', (store) => store.objects.clear(), 'head-moved-back'],
    ['a commit is missing', (store) => store.objects.set(commitKey(5), bytesOf('x')), 'gap'],
    ['the next commit does not hold', (store) => store.objects.set(commitKey(4), bytesOf('x')), 'malformed'],
  ])('breaks the log for good when %s', async (_, tamper, code) => {
    const store = new MemoryLogStore();
    const log = await open(store);
    await say(log, 'a');
    await say(log, 'b');
    const whole = new Map(store.objects);
    tamper(store);

    expect(await codeOf(log.refresh())).toBe(code);

    store.objects.clear();
    for (const [key, body] of whole) store.objects.set(key, body);
    expect(log.broken?.code).toBe(code);
    expect(await codeOf(log.refresh())).toBe(code);
    expect(await codeOf(say(log, 'c'))).toBe(code);
    expect(log.state).toEqual(['log.opened', 'a', 'b']);
  });
});

describe('a subscriber', () => {
  test('that throws is warned of, and stops neither the append nor the others', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const log = await open(new MemoryLogStore());
    const heard: unknown[] = [];
    log.subscribe(() => {
      throw new Error('broken listener');
    });
    log.subscribe(() => {
      // oxlint-disable-next-line typescript/only-throw-error -- what people write all the same
      throw 'not even an error';
    });
    log.subscribe((_, state) => heard.push(state.length));

    await say(log, 'a');

    expect(heard).toEqual([2]);
    expect(warn.mock.calls).toEqual([[new Error('broken listener')], [new Error('not even an error')]]);
    warn.mockRestore();
  });

  test('hears before the append resolves, and twice when it subscribed twice', async () => {
    const log = await open(new MemoryLogStore());
    const heard: string[] = [];
    const listener = () => void heard.push('heard');
    const stop = log.subscribe(listener);
    log.subscribe(listener);

    await say(log, 'a').then(() => heard.push('resolved'));
    stop();
    await say(log, 'b');

    expect(heard).toEqual(['heard', 'heard', 'resolved', 'heard']);
  });
});

describe('standing back for others', () => {
  test('is for who writes again at once, and for nobody else', async () => {
    const pauses: number[] = [];
    const wait = async (ms: number): Promise<void> => void pauses.push(ms);
    const log = await open(new MemoryLogStore(), { patience: { retryDelaysMs: [], wait } });

    await say(log, 'a');
    await settle();
    await say(log, 'b');
    expect(pauses).toEqual([]);

    for (let i = 0; i < 20; i += 1) await Promise.resolve();
    const third = say(log, 'c');
    await new Promise(setImmediate);
    await third;
    expect(pauses).toEqual([8]);
  });

  test('finds what others wrote meanwhile', async () => {
    const store = new MemoryLogStore();
    const [ours, theirs] = [await open(store), await open(store, { signer: WORKER })];
    await say(theirs, 'a');
    await say(ours, 'b');
    let looked: (() => void) | undefined;
    const look = new Promise<void>((resolve) => (looked = resolve));
    store.weather = {
      before: (call, key) => (call === 'read' && key === commitKey(4) ? look : Promise.resolve()),
    };

    const next = ours.append((state) => ({ records: [note('d')], result: state.at(-1) }));
    await say(theirs, 'c');
    looked?.();

    expect((await next).result).toBe('c');
    expect(await valid(store)).toBe(true);
  });
});

describe('a record of a newer format', () => {
  test('that somebody else appends is folded, and does not stop what is appended after it', async () => {
    const chains = await Chains.opened();
    const log = await open(chains.store);
    await chains.commit([{ format: 9, type: 'from the future', at: AT }], WORKER);

    await say(log, 'a');

    expect(log.state).toEqual(['log.opened', 'from the future', 'a']);
  });
});
