import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import {
  LogError,
  MemoryLogStore,
  readLog,
  verifyLog,
  type LogStore,
  type Patience,
  type Signer,
} from '../../../src/log/index.ts';
import { BOT, HASTE, note, open, WORKER, type TextLog } from './support.ts';

// Thousands of signatures on a machine that others may be using too.
jest.setTimeout(60_000);

/** Every pause ends in the order of its length, as fast as the machine goes: time is counted, not waited for. */
class Ticker {
  readonly #due = new Map<number, (() => void)[]>();
  #now = 0;

  readonly wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const at = this.#now + ms;
      this.#due.set(at, [...(this.#due.get(at) ?? []), resolve]);
    });

  get now(): number {
    return this.#now;
  }

  /** Goes on until the work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    const running = new Set([work]);
    const end = work.finally(() => running.clear());
    while (running.size > 0) {
      await new Promise(setImmediate);
      const next = Math.min(...this.#due.keys());
      if (!Number.isFinite(next)) continue;
      this.#now = next;
      const ready = this.#due.get(next)!;
      this.#due.delete(next);
      for (const resume of ready) resume();
    }
    return end;
  }
}

type Fate = 'fine' | 'down' | 'lost' | 'late';

/** The shared store as one process sees it: calls take time, fail before or after they are done, or long after. */
function seenFrom(
  shared: MemoryLogStore,
  ticker: Ticker,
  latency: () => number,
  fate: (call: string) => Fate,
  effort: () => Promise<void> = () => Promise.resolve(),
): LogStore {
  const call = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    const mine = fate(name);
    await effort();
    await ticker.wait(latency() / 2);
    if (mine === 'down') throw new Error('down');
    if (mine === 'late') {
      void ticker.wait(500).then(act);
      throw new Error('timed out');
    }
    const answer = await act();
    await ticker.wait(latency() / 2);
    await effort();
    if (mine === 'lost') throw new Error('answer lost');
    return answer;
  };
  return {
    read: (key) => call('read', () => shared.read(key)),
    createIfAbsent: (key, body) => call('create', () => shared.createIfAbsent(key, body)),
    list: (after) => call('list', () => shared.list(after)),
  };
}

/** A processor, which has one thing to do after the other: answers when so many milliseconds of work are done. */
function oneAtATime(ticker: Ticker): (ms: number) => Promise<void> {
  let freeAt = 0;
  return (ms) => {
    freeAt = Math.max(freeAt, ticker.now) + ms;
    return ticker.wait(freeAt - ticker.now);
  };
}

/** Appends until the record is known to be in the log, looking first whether an unknown answer was a yes. */
async function insist(log: TextLog, text: string): Promise<void> {
  for (;;) {
    try {
      await log.append((state) => ({ records: state.includes(text) ? [] : [note(text)], result: null }));
      return;
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'store-unavailable') throw error;
    }
  }
}

async function textsIn(store: LogStore): Promise<string[]> {
  const found: string[] = [];
  for await (const { entries } of readLog(store))
    found.push(...entries.map(({ record }) => (record as { text?: string }).text ?? ''));
  return found.slice(1);
}

describe('many writers over one store', () => {
  test('make one sequence with every record once, whatever the store does to their calls', async () => {
    const weather = fc.record({
      seed: fc.infiniteStream(fc.nat(99)),
      trouble: fc.integer({ min: 0, max: 40 }),
      writers: fc.integer({ min: 2, max: 4 }),
    });

    await fc.assert(
      fc.asyncProperty(weather, async ({ seed, trouble, writers }) => {
        const store = new MemoryLogStore();
        const ticker = new Ticker();
        const roll = (): number => seed.next().value;
        const fates: readonly Fate[] = ['down', 'lost', 'late'];
        // A reader makes many calls, of which all must succeed.
        const fate = (call: string): Fate =>
          roll() < (call === 'create' ? trouble : trouble / 20) ? fates[roll() % 3]! : 'fine';
        const patience: Patience = { retryDelaysMs: [10, 20], wait: ticker.wait };
        await open(store);

        const work = async (writer: number): Promise<void> => {
          const view = seenFrom(store, ticker, () => 10 + (roll() % 20), fate);
          const parts = { signer: writer % 2 === 0 ? BOT : WORKER, patience };
          const reopen = async (): Promise<TextLog> => open(view, parts).catch(reopen);
          for (let round = 0; round < 3; round += 1) {
            // Each round is a new process: the one before is gone, its last answer unheard.
            const log = await reopen();
            await Promise.all([0, 1, 2].map((i) => insist(log, `${writer}.${round}.${i}`)));
            void log
              .append(() => ({ records: [note(`crashed ${writer}.${round}`)], result: 1 }))
              .catch(() => {});
          }
        };
        await ticker.run(Promise.all(Array.from({ length: writers }, (_, writer) => work(writer))));

        const found = await textsIn(store);
        const expected = Array.from(
          { length: writers * 9 },
          (_, i) => `${Math.floor(i / 9)}.${Math.floor(i / 3) % 3}.${i % 3}`,
        );
        expect(found.filter((text) => !text.startsWith('crashed')).toSorted()).toEqual(expected.toSorted());
        expect(new Set(found).size).toBe(found.length);
        expect((await verifyLog(store)).valid).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test('fold the same state, each in the same order', async () => {
    const store = new MemoryLogStore();
    const logs = await Promise.all(
      [0, 1, 2, 3].map((i) => open(store, { signer: i % 2 === 0 ? BOT : WORKER })),
    );

    await Promise.all(logs.flatMap((log, i) => [0, 1, 2].map((j) => insist(log, `${i}.${j}`))));
    await Promise.all(logs.map((log) => log.refresh()));

    const expected = ['log.opened', ...(await textsIn(store))];
    expect(expected).toHaveLength(13);
    for (const log of logs) expect(log.state).toEqual(expected);
  });
});

describe('writers that never rest', () => {
  /** Longest wait of each writer for one append, in milliseconds, over so many of them by the busiest. */
  async function longestWaits(
    latencies: readonly number[],
    appends: number,
    unsteady = 0,
  ): Promise<number[]> {
    const store = new MemoryLogStore();
    const ticker = new Ticker();
    await open(store);
    const waits = latencies.map(() => 0);
    const counts = latencies.map(() => 0);
    let step = 0;
    const views = latencies.map((latency) =>
      seenFrom(
        store,
        ticker,
        () => latency + ((step += 7) % 11) * (unsteady / 10),
        () => 'fine',
      ),
    );
    const stopped = (): boolean => Math.max(...counts) >= appends;
    const work = async (i: number): Promise<void> => {
      const patience = { ...HASTE, wait: ticker.wait };
      const log = await open(views[i]!, { signer: i % 2 === 0 ? BOT : WORKER, patience });
      while (!stopped()) {
        const before = ticker.now;
        await log.append(() => ({ records: [note(String(i))], result: 1 }));
        waits[i] = Math.max(waits[i]!, ticker.now - before);
        counts[i]! += 1;
      }
    };
    await ticker.run(Promise.all(latencies.map((_, i) => work(i))));
    expect(Math.min(...counts)).toBeGreaterThan(0);
    return waits;
  }

  test('alone waits for little more than its own round trip', async () => {
    const [wait] = await longestWaits([20], 100);

    expect(wait).toBeLessThanOrEqual(30);
  });

  test('of the same speed take turns', async () => {
    const waits = await longestWaits([20, 20, 20, 20], 60);

    expect(Math.max(...waits)).toBeLessThanOrEqual(12 * 20);
  });

  test('of the same unsteady speed take turns', async () => {
    const waits = await longestWaits([20, 20, 20, 20], 60, 8);

    expect(Math.max(...waits)).toBeLessThanOrEqual(15 * 20);
  });

  test('more than take strict turns all come to write', async () => {
    const waits = await longestWaits([20, 20, 20, 20, 20, 20], 60, 8);

    expect(Math.max(...waits)).toBeLessThanOrEqual(100 * 20);
  });

  test.each([
    ['idle', 0.3, 5.8],
    ['busy', 1, 6.6],
  ])(
    'with a hundred appenders in four processes on %s processors share the log evenly and soon',
    async (_, callMs, p99) => {
      const tripMs = 20;
      const store = new MemoryLogStore();
      const ticker = new Ticker();
      await open(store);
      const counts = [0, 0, 0, 0];
      const waits: number[] = [];
      const work = async (i: number): Promise<void> => {
        const processor = oneAtATime(ticker);
        const view = seenFrom(
          store,
          ticker,
          () => tripMs,
          () => 'fine',
          () => processor(callMs),
        );
        const signer: Signer = { ...WORKER, sign: (text) => processor(2).then(() => WORKER.sign(text)) };
        const log = await open(view, { signer, patience: { ...HASTE, wait: ticker.wait } });
        const append = async (n: number): Promise<void> => {
          while (ticker.now < 4_000) {
            const before = ticker.now;
            await log.append(() => ({ records: [note(`${i}.${n}`)], result: 1 }));
            // Who begins at the same instant has to find out first how many there are.
            if (before > 1_000) waits.push(ticker.now - before);
            if (before > 1_000) counts[i]! += 1;
          }
        };
        await Promise.all(Array.from({ length: 25 }, (_, n) => append(n)));
      };

      await ticker.run(Promise.all(counts.map((_, i) => work(i))));

      const sorted = waits.toSorted((a, b) => a - b);
      expect(sorted[Math.floor(sorted.length * 0.99)]! / tripMs).toBeLessThanOrEqual(p99);
      expect(Math.min(...counts) / Math.max(...counts)).toBeGreaterThan(0.9);
    },
  );

  test('let one through that is three times slower', async () => {
    const waits = await longestWaits([20, 60], 1_100);

    expect(Math.max(...waits)).toBeLessThanOrEqual(1_100 * 2 * 20);
  });
});
