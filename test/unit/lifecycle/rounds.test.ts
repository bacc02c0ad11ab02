import { describe, expect, test } from '@jest/globals';

import { Rounds } from '../../../src/lifecycle/rounds.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';

/** A promise that ends when told to. */
function gate() {
  let open = (): void => undefined;
  const closed = new Promise<void>((resolve) => (open = resolve));
  return { closed, open: () => open() };
}

const never = () => 0;

describe('a key', () => {
  test('is never visited twice at once; a wake during a visit brings another after it', async () => {
    const clock = new FakeClock();
    const gates = [gate(), gate()];
    let [atOnce, most, visits] = [0, 0, 0];
    const rounds = new Rounds(
      clock,
      async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await gates[visits++]?.closed;
        atOnce -= 1;
        return undefined;
      },
      never,
    );

    rounds.wake('a');
    rounds.wake('a');
    rounds.wake('a');
    gates[0]?.open();
    await clock.advance(0);
    gates[1]?.open();
    await clock.advance(0);
    await rounds.stop();

    expect([most, visits]).toEqual([1, 2]);
  });

  test('whose visit failed is left alone for a moment, however often it is woken', async () => {
    const clock = new FakeClock();
    let visits = 0;
    const rounds = new Rounds(
      clock,
      () => {
        visits += 1;
        rounds.wake('a');
        return Promise.reject(new Error('no'));
      },
      () => 60_000,
    );

    rounds.wake('a');
    await clock.advance(2_000);
    const inTwoSeconds = visits;
    await rounds.stop();

    expect(inTwoSeconds).toBeGreaterThan(1);
    expect(inTwoSeconds).toBeLessThanOrEqual(21);
  });

  test('does not wait for another one', async () => {
    const clock = new FakeClock();
    const stuck = gate();
    const visited: string[] = [];
    const rounds = new Rounds(
      clock,
      async (key) => {
        visited.push(key);
        if (key === 'stuck') await stuck.closed;
        return undefined;
      },
      never,
    );

    rounds.wake('stuck');
    rounds.wake('free');
    rounds.wake('free');
    await clock.advance(0);

    expect(visited).toEqual(['stuck', 'free', 'free']);
    stuck.open();
    await rounds.stop();
  });

  test('is visited again when it asked to be, not before', async () => {
    const clock = new FakeClock();
    const at: number[] = [];
    const start = clock.now();
    const rounds = new Rounds(
      clock,
      () => {
        at.push(clock.now() - start);
        return Promise.resolve(at.length < 3 ? clock.now() + 2_500 : undefined);
      },
      never,
    );

    rounds.wake('a');
    await clock.advance(2_499);
    const before = [...at];
    await clock.advance(60_000);
    await rounds.stop();

    expect([before, at]).toEqual([[0], [0, 2_500, 5_000]]);
  });

  test.each([
    ['forward, within a second', 3_600_000, 1_000],
    ['back, when as much time has passed', -3_600_000, 60_000],
  ])('is not missed when the wall clock is set %s', async (_, jump, later) => {
    const clock = new FakeClock();
    const start = clock.monotonic();
    const at: number[] = [];
    const rounds = new Rounds(
      clock,
      () => {
        at.push(clock.monotonic() - start);
        return Promise.resolve(at.length === 1 ? clock.now() + 60_000 : undefined);
      },
      never,
    );
    rounds.wake('a');
    await clock.advance(0);
    clock.jump(jump);

    await clock.advance(120_000);
    await rounds.stop();

    expect(at).toEqual([0, later]);
  });

  test('whose visit fails is visited again, for ever, each time after what the caller says', async () => {
    const clock = new FakeClock();
    const asked: [number, string, string][] = [];
    let fails = 3;
    const at: number[] = [];
    const start = clock.monotonic();
    const rounds = new Rounds(
      clock,
      () => {
        at.push(clock.monotonic() - start);
        if (fails-- > 0) return Promise.reject(new Error('throttled'));
        if (at.length === 4) return Promise.resolve(clock.now() + 1);
        return Promise.resolve(undefined);
      },
      (attempt, key, error) => {
        asked.push([attempt, key, String(error)]);
        return 100 * (attempt + 1);
      },
    );

    rounds.wake('a');
    await clock.advance(10_000);
    fails = 1;
    rounds.wake('a');
    await clock.advance(10_000);
    await rounds.stop();

    expect(at.slice(0, 5)).toEqual([0, 100, 300, 600, 601]);
    expect(asked.slice(0, 3)).toEqual([0, 1, 2].map((attempt) => [attempt, 'a', 'Error: throttled']));
    // What succeeded in between begins to count anew.
    expect(asked[3]?.[0]).toBe(0);
  });

  test('is woken out of its wait', async () => {
    const clock = new FakeClock();
    let visits = 0;
    const rounds = new Rounds(
      clock,
      () => {
        visits += 1;
        return Promise.resolve(visits === 1 ? clock.now() + 3_600_000 : undefined);
      },
      never,
    );

    rounds.wake('a');
    await clock.advance(10);
    rounds.wake('a');
    await clock.advance(0);

    expect(visits).toBe(2);
    expect(clock.waiting).toBe(0);
    await rounds.stop();
  });
});

describe('keys that are due at one instant', () => {
  /** Visits each key once, and again when it is due. */
  function due(ahead?: (keys: readonly string[]) => Promise<unknown>) {
    const clock = new FakeClock();
    const start = clock.now();
    const happened: string[] = [];
    const dueAt = new Map([
      ['later', start + 2_000],
      ['sooner', start + 1_999.5],
    ]);
    const rounds = new Rounds(
      clock,
      (key) => {
        happened.push(key);
        const at = dueAt.get(key);
        dueAt.delete(key);
        return Promise.resolve(at);
      },
      never,
      ahead &&
        ((keys) => {
          happened.push(`ahead of ${keys.join(' and ')}`);
          return ahead(keys);
        }),
    );
    return { clock, rounds, happened };
  }

  test('begin together, the most overdue first, by one timer', async () => {
    const { clock, rounds, happened } = due();
    rounds.wake('later');
    rounds.wake('sooner');
    await clock.advance(1_000);
    const timers = clock.waiting;
    happened.length = 0;

    // As a process that slept past both.
    clock.jump(5_000);
    await clock.advance(1_000);
    await rounds.stop();

    expect([timers, happened]).toEqual([1, ['sooner', 'later']]);
  });

  test.each([
    ['until it has happened', () => Promise.resolve(), 0],
    ['no longer when it fails', () => Promise.reject(new Error('no')), 0],
    ['a second at most', () => new Promise(() => undefined), 1_000],
  ])('wait for what goes ahead of them all %s', async (_, ahead, ms) => {
    const { clock, rounds, happened } = due(ahead);
    rounds.wake('later');
    rounds.wake('sooner');
    await clock.advance(1_000);
    happened.length = 0;

    clock.jump(5_000);
    await clock.advance(999 + ms);
    const before = [...happened];
    await clock.advance(1);
    await rounds.stop();

    expect(before).toEqual(ms === 0 ? [] : ['ahead of sooner and later']);
    expect(happened).toEqual(['ahead of sooner and later', 'sooner', 'later']);
  });
});

test('a key that is woken while it rests after a failure is visited as soon as it has rested', async () => {
  const clock = new FakeClock();
  const at: number[] = [];
  const start = clock.monotonic();
  const rounds = new Rounds(
    clock,
    () => {
      at.push(clock.monotonic() - start);
      return at.length === 1 ? Promise.reject(new Error('no')) : Promise.resolve(undefined);
    },
    () => 60_000,
  );
  rounds.wake('a');
  await clock.advance(10);

  rounds.wake('a');
  rounds.wake('a');
  await clock.advance(1_000);
  await rounds.stop();

  expect([at, clock.waiting]).toEqual([[0, 100], 0]);
});

test('stopping waits for visits under way, ends waits, and begins nothing', async () => {
  const clock = new FakeClock();
  const slow = gate();
  const visited: string[] = [];
  const rounds = new Rounds(
    clock,
    async (key) => {
      visited.push(key);
      if (key === 'slow') await slow.closed;
      return clock.now() + 3_600_000;
    },
    never,
  );
  rounds.wake('slow');
  rounds.wake('waiting');
  await clock.advance(0);
  let stopped = false;

  const stopping = rounds.stop().then(() => (stopped = true));
  rounds.wake('late');
  await clock.advance(0);
  const early = stopped;
  slow.open();
  await stopping;

  expect([early, visited, clock.waiting]).toEqual([false, ['slow', 'waiting'], 0]);
});
