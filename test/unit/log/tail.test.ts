import { describe, expect, jest, test } from '@jest/globals';
import { commitKey } from '../../../src/log/commit.ts';
import { LogError, MemoryLogStore } from '../../../src/log/index.ts';
import { AT, bytesOf, Chains, codeOf, note, open, say, settle, valid, WORKER } from './support.ts';

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

  test('reads nothing where that commit has been read', async () => {
    const store = new MemoryLogStore();
    const [ours, theirs] = [await open(store), await open(store, { signer: WORKER })];
    await say(theirs, 'a');

    const idle = await ours.refresh(ours.head.commit);
    const head = await ours.refresh(theirs.head.commit);

    expect(idle.commit).toBe(theirs.head.commit - 1);
    expect(head).toEqual(theirs.head);
  });

  test('reads the next two commits in the round trip of the list', async () => {
    const store = new MemoryLogStore();
    const [ours, theirs] = [await open(store), await open(store, { signer: WORKER })];
    await say(theirs, 'a');
    await say(theirs, 'b');
    const begun: string[] = [];
    let answer: (() => void) | undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    store.weather = {
      before: (call, key) => {
        begun.push(`${call} ${key}`);
        return answered;
      },
    };

    const refreshed = ours.refresh();
    await settle();
    const together = [...begun];
    answer?.();
    const head = await refreshed;

    expect(together).toEqual([`read ${commitKey(2)}`, `read ${commitKey(3)}`, `list ${commitKey(0)}`]);
    expect(begun).toEqual(together);
    expect(head).toEqual(theirs.head);
  });

  test.each(['was not there yet', 'could not be read'])('reads a commit once more that %s', async (how) => {
    const store = new MemoryLogStore();
    const [ours, theirs] = [await open(store), await open(store, { signer: WORKER })];
    await say(theirs, 'a');
    const read = jest.spyOn(store, 'read');
    if (how === 'was not there yet') read.mockResolvedValueOnce(undefined);
    else read.mockRejectedValueOnce(new Error('reset'));

    const head = await ours.refresh();

    expect(head).toEqual(theirs.head);
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

  test('breaks the log for good when the store itself says that it was tampered with', async () => {
    const store = new MemoryLogStore();
    const log = await open(store);
    const list = jest.spyOn(store, 'list');
    list.mockRejectedValueOnce(new LogError('head-moved-back', 'hidden by a delete marker'));

    const code = await codeOf(log.refresh());

    expect(code).toBe('head-moved-back');
    expect(await codeOf(say(log, 'a'))).toBe('head-moved-back');
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
    expect(pauses).toEqual([10]);
  });

  test('finds what others wrote meanwhile', async () => {
    const store = new MemoryLogStore();
    const [ours, theirs] = [await open(store), await open(store, { signer: WORKER })];
    await say(theirs, 'a');
    await say(ours, 'b');
    await theirs.refresh();
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
