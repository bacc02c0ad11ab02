import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

import { BullAgenda, QUEUE, type QueueOptions } from '../../../src/queue/agenda.ts';
import { Nudges } from '../../../src/queue/nudges.ts';
import { RedisTurns } from '../../../src/queue/redis-turns.ts';
import { Reminders } from '../../../src/queue/reminders.ts';
import { systemClock } from '../../../src/cli/system-clock.ts';
import { startTestRedis } from '../../support/redis.ts';

/** What arrives, to be awaited. */
class Arrivals {
  readonly #all: string[] = [];
  readonly #waiting = new Set<() => void>();

  readonly add = (what: string): void => {
    this.#all.push(what);
    for (const wake of this.#waiting) wake();
  };

  get all(): readonly string[] {
    return this.#all;
  }

  async until(count: number): Promise<readonly string[]> {
    while (this.#all.length < count) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    return this.#all;
  }
}

let redis: Awaited<ReturnType<typeof startTestRedis>>;
let options: QueueOptions;
let cleanUp: (() => Promise<void> | void)[];

beforeEach(async () => {
  redis = await startTestRedis();
  options = { redisUrl: redis.url, deployment: 'test', onError: () => undefined };
  cleanUp = [() => redis.close()];
}, 30_000);

afterEach(async () => {
  for (const close of cleanUp.toReversed()) await close();
});

function agenda(change: Partial<QueueOptions> = {}): BullAgenda {
  const made = new BullAgenda({ ...options, ...change }, systemClock);
  cleanUp.push(() => made.close());
  return made;
}

function reminders(arrivals: Arrivals): void {
  const made = new Reminders(options, ({ request }) => arrivals.add(request));
  cleanUp.push(() => made.close());
}

describe('a reminder', () => {
  test('reaches a worker at once, or when it is due', async () => {
    const arrivals = new Arrivals();
    reminders(arrivals);
    const mine = agenda();
    await mine.nudge('bg-first', 1);
    await arrivals.until(1);
    const asked = Date.now();

    await mine.remind('bg-later', asked + 400);
    await mine.nudge('bg-now', 1);
    const order = await arrivals.until(3);

    expect(order.slice(1)).toEqual(['bg-now', 'bg-later']);
    expect(Date.now() - asked).toBeGreaterThanOrEqual(400);
  });

  test('says how far to read for it, unless that is forged', async () => {
    const arrivals = new Arrivals();
    const made = new Reminders(options, (reminder) => arrivals.add(JSON.stringify(reminder)));
    cleanUp.push(() => made.close());
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const forger = new Queue(QUEUE, { connection, prefix: '{breakglass/test}' });
    cleanUp.push(async () => {
      await forger.close();
      connection.disconnect();
    });

    await agenda().nudge('bg-real', 7);
    await forger.add('now', { request: 'bg-forged', commit: '1e9' });

    expect(new Set(await arrivals.until(2))).toEqual(
      new Set(['{"request":"bg-real","commit":7}', '{"request":"bg-forged"}']),
    );
  });

  test('asked for twice for the same instant comes once, and waits for a worker that comes later', async () => {
    const arrivals = new Arrivals();
    const mine = agenda();
    const at = Date.now() + 50;

    await mine.remind('bg-one', at);
    await mine.remind('bg-one', at);
    await mine.remind('bg-two', at + 1);
    reminders(arrivals);

    expect([...(await arrivals.until(2))].toSorted()).toEqual(['bg-one', 'bg-two']);
  });

  test.each([[{}], [{ request: 7 }], [{ request: { constructor: 'x' } }], ['text'], [null]])(
    'with forged data %j names nobody and stops nothing',
    async (data) => {
      const arrivals = new Arrivals();
      const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
      const forger = new Queue(QUEUE, { connection, prefix: '{breakglass/test}' });
      cleanUp.push(async () => {
        await forger.close();
        connection.disconnect();
      });
      reminders(arrivals);

      await forger.add('due', data);
      await agenda().nudge('bg-real', 1);

      expect(await arrivals.until(1)).toEqual(['bg-real']);
    },
  );

  test('that somebody moved to another day or deleted is nobody’s, and the others come', async () => {
    const arrivals = new Arrivals();
    const forger = new Redis(redis.url);
    cleanUp.push(() => forger.disconnect());
    const mine = agenda();
    const at = Date.now() + 300;
    for (const request of ['bg-moved', 'bg-deleted', 'bg-left']) await mine.remind(request, at);
    const delayed = '{breakglass/test}:requests:delayed';
    const nextYear = (Date.now() + 31_536_000_000) * 0x1000;

    await forger.zadd(delayed, 'XX', nextYear, `bg-moved-${at}`);
    await forger.zrem(delayed, `bg-deleted-${at}`);
    reminders(arrivals);
    await arrivals.until(1);
    await mine.nudge('bg-later', 1);

    expect(await arrivals.until(2)).toEqual(['bg-left', 'bg-later']);
  });

  test('comes again once somebody’s keys of the wrong kind are gone, though the queue was full of them', async () => {
    const arrivals = new Arrivals();
    const forger = new Redis(redis.url);
    cleanUp.push(() => forger.disconnect());
    const keys = ['wait', 'delayed', 'active', 'marker', 'meta', 'events', 'id'];
    for (const key of keys) await forger.set(`{breakglass/test}:requests:${key}`, 'x');
    const troubles: unknown[] = [];
    const mine = agenda({ onError: (error) => troubles.push(error) });
    reminders(arrivals);

    await mine.nudge('bg-lost', 1);
    for (const key of keys) await forger.del(`{breakglass/test}:requests:${key}`);
    while (arrivals.all.length === 0) await mine.nudge('bg-later', 1);

    expect(troubles).not.toEqual([]);
    expect(new Set(arrivals.all)).toEqual(new Set(['bg-later']));
  });

  test('is given up within about a second while Redis is away, and is no error', async () => {
    const mine = agenda({ redisUrl: '/nonexistent/redis.sock' });
    const asked = performance.now();

    await mine.nudge('bg-one', 1);
    await mine.remind('bg-one', Date.now() + 1_000);

    expect(performance.now() - asked).toBeLessThan(3_000);
  });
});

describe('a nudge', () => {
  test('reaches every process, and only those of its deployment', async () => {
    const [mine, same, other] = [new Arrivals(), new Arrivals(), new Arrivals()];
    const up = new Arrivals();
    const nudges = [
      { arrivals: mine, deployment: 'test' },
      { arrivals: same, deployment: 'test' },
      { arrivals: other, deployment: 'another' },
    ].map(({ arrivals, deployment }) => {
      const listener = { onNudge: () => arrivals.add('nudge'), onUp: () => up.add(deployment) };
      const made = new Nudges({ ...options, deployment }, listener);
      cleanUp.push(() => made.close());
      return made;
    });
    const watcher = new Redis(redis.url);
    cleanUp.push(() => watcher.disconnect());
    const subscribed = async () => Number((await watcher.pubsub('NUMSUB', '{breakglass/test}:head'))[1]);
    await up.until(3);
    while ((await subscribed()) < 2) await systemClock.pause(5);

    while (mine.all.length === 0) {
      nudges[0]?.send(1);
      await systemClock.pause(5);
    }
    await same.until(1);

    expect(other.all).toEqual([]);
  });
});

test.each([
  ['7', 7],
  ['', undefined],
  ['1e3', undefined],
  ['9'.repeat(16), undefined],
])('a nudge that says %j says that the log reaches to %p', async (text, commit) => {
  const heard: (number | undefined)[] = [];
  const nudges = new Nudges(options, { onNudge: (said) => void heard.push(said), onUp: () => undefined });
  const somebody = new Redis(redis.url);
  cleanUp.push(
    () => nudges.close(),
    () => somebody.disconnect(),
  );

  while (heard.length === 0) {
    await somebody.publish(`{breakglass/${options.deployment}}:head`, text);
    await systemClock.pause(5);
  }

  expect(heard[0]).toBe(commit);
});

test('an answer to a nudge says that Redis is up, and not only a new connection', async () => {
  const up = new Arrivals();
  const nudges = new Nudges(options, { onNudge: () => undefined, onUp: () => up.add('up') });
  cleanUp.push(() => nudges.close());
  await up.until(1);

  while (up.all.length < 2) {
    nudges.send(1);
    await systemClock.pause(5);
  }

  // The first was the connection; on a busy machine several are answered at once.
  expect(up.all.length).toBeGreaterThanOrEqual(2);
});

test('nudges are known to come through while Redis passes them on, and whoever relies on them is told when it stops', async () => {
  const [heard, up] = [new Arrivals(), new Arrivals()];
  const nudges = new Nudges(options, { onNudge: () => heard.add('nudge'), onUp: () => up.add('up') });
  cleanUp.push(() => nudges.close());
  const before = nudges.areHeard;

  while (!nudges.areHeard) await systemClock.pause(20);
  const silent = heard.all.length;
  await redis.close();
  await heard.until(1);

  expect([before, silent, nudges.areHeard]).toEqual([false, 0, false]);
});

test('nudges that somebody keeps back are missed within seconds, though Redis answers', async () => {
  const heard = new Arrivals();
  const nudges = new Nudges(options, { onNudge: () => heard.add('nudge'), onUp: () => undefined });
  const forger = new Redis(redis.url);
  cleanUp.push(
    () => nudges.close(),
    () => forger.disconnect(),
  );
  while (!nudges.areHeard) await systemClock.pause(20);

  await forger.call('ACL', 'SETUSER', 'default', '-publish');
  await heard.until(1);

  expect(nudges.areHeard).toBe(false);
});

describe('a turn', () => {
  test('is one process’s at a time, and the next one’s when it is done', async () => {
    const [one, two] = [new RedisTurns(options), new RedisTurns(options)];
    cleanUp.push(
      () => one.close(),
      () => two.close(),
    );
    let meanwhile: boolean | undefined;

    const first = await one.inTurn('bg-one', async () => {
      meanwhile = await two.inTurn('bg-one', () => Promise.resolve());
    });
    const after = await two.inTurn('bg-one', () => Promise.resolve());

    expect([first, meanwhile, after]).toEqual([true, false, true]);
  });

  test('is everybody’s while Redis is away', async () => {
    const turns = new RedisTurns({ ...options, redisUrl: '/nonexistent/redis.sock' });
    cleanUp.push(() => turns.close());

    expect(await turns.inTurn('bg-one', () => Promise.resolve())).toBe(true);
  });

  test('is not kept from anybody for longer than a lease by a key that stands there for good', async () => {
    const forger = new Redis(redis.url);
    cleanUp.push(() => forger.disconnect());
    await forger.set('{breakglass/test}:turn:bg-one', 'mine');
    const turns = new RedisTurns(options, 500);
    cleanUp.push(() => turns.close());
    const answers: boolean[] = [];

    while (answers.at(-1) !== true && answers.length < 500) {
      answers.push(await turns.inTurn('bg-one', () => Promise.resolve()));
      await systemClock.pause(10);
    }

    expect([answers.at(0), answers.at(-1)]).toEqual([false, true]);
  });

  test('is not kept from anybody by a key of another kind either', async () => {
    const forger = new Redis(redis.url);
    cleanUp.push(() => forger.disconnect());
    await forger.lpush('{breakglass/test}:turn:bg-one', 'x');
    const turns = new RedisTurns(options, 500);
    cleanUp.push(() => turns.close());
    const answers: boolean[] = [];

    while (answers.at(-1) !== true && answers.length < 500) {
      answers.push(await turns.inTurn('bg-one', () => Promise.resolve()));
      await systemClock.pause(10);
    }

    expect(answers.at(-1)).toBe(true);
  });

  test('ends when what was done in it fails', async () => {
    const turns = new RedisTurns(options);
    cleanUp.push(() => turns.close());

    await expect(turns.inTurn('bg-one', () => Promise.reject(new Error('no')))).rejects.toThrow('no');

    expect(await turns.inTurn('bg-one', () => Promise.resolve())).toBe(true);
  });
});
