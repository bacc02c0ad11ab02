import { beforeEach, describe, expect, test } from '@jest/globals';

import { Pace } from '../../../src/aws/pace.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';

let clock: FakeClock;
let pace: Pace;

beforeEach(() => {
  clock = new FakeClock();
  // Half-way: no jitter.
  pace = new Pace(clock, () => 0.5);
});

/** Sends as soon as it may, and tells the outcome at once. Answers how long it had to wait. */
async function call(outcome: 'answered' | 'throttled' | 'silent'): Promise<number> {
  const { wait } = pace;
  await clock.advance(wait);
  pace[outcome](pace.sent());
  return wait;
}

test('sets no limit while AWS answers', async () => {
  const waits = [await call('answered'), await call('answered'), await call('answered')];

  expect(waits).toEqual([0, 0, 0]);
});

describe('once AWS refuses', () => {
  test('calls are a tenth of a second apart, then further with each refusal, up to a quarter of a second', async () => {
    await call('throttled');

    const waits: number[] = [];
    for (let index = 0; index < 12; index += 1) waits.push(Math.round(await call('throttled')));

    expect(waits.slice(0, 4)).toEqual([100, 130, 169, 220]);
    expect(waits.at(-1)).toBe(250);
    expect(pace.slowed).toBe('throttled');
  });

  test('a burst that was under way counts once, its answers not at all', async () => {
    const burst = [pace.sent(), pace.sent(), pace.sent(), pace.sent()];

    pace.throttled(burst[0]!);
    pace.answered(burst[1]!);
    pace.throttled(burst[2]!);
    pace.throttled(burst[3]!);

    expect(await call('answered')).toBe(100);
    expect(await call('answered')).toBe(95);
  });

  test('calls come closer with each answer, until there is no limit any more', async () => {
    await call('throttled');

    const waits: number[] = [];
    for (let index = 0; index < 70; index += 1) waits.push(await call('answered'));

    expect(waits.slice(0, 2)).toEqual([100, 95]);
    expect(waits.at(-1)).toBe(0);
  });

  test('turns that a busy process missed are made up for, and a refusal ends that', async () => {
    await call('throttled');
    await clock.advance(350);

    const waits = [await call('answered'), await call('answered'), await call('answered')].map(Math.round);
    await clock.advance(500);
    const refused = [await call('throttled'), await call('answered')].map(Math.round);

    expect(waits).toEqual([0, 0, 0]);
    expect(refused[0]).toBe(0);
    expect(refused[1]).toBeGreaterThanOrEqual(100);
  });

  test('calls are scarce until the bucket has had the time to refill', async () => {
    const before = pace.isScarce;
    await call('throttled');
    const after = pace.isScarce;

    await clock.advance(10_001);

    expect([before, after, pace.isScarce]).toEqual([false, true, false]);
  });

  test('a pause in which the bucket refills ends it', async () => {
    await call('throttled');
    await call('throttled');

    await clock.advance(10_001);
    await call('answered');

    expect(pace.wait).toBe(0);
  });

  test('gaps differ from worker to worker by a quarter either way', () => {
    const [early, late] = [new Pace(clock, () => 0), new Pace(clock, () => 1)];

    early.throttled(early.sent());
    late.throttled(late.sent());

    expect([early.wait, late.wait]).toEqual([75, 125]);
  });
});

describe('once nothing answers', () => {
  test('calls are twice as far apart each time, up to a second', async () => {
    const waits: number[] = [];
    for (let index = 0; index < 6; index += 1) waits.push(await call('silent'));

    expect(waits).toEqual([0, 100, 200, 400, 800, 1_000]);
    expect(pace.slowed).toBe('unreachable');
  });

  test('they come back by doubling, not all at once', async () => {
    for (let index = 0; index < 6; index += 1) await call('silent');

    const waits: number[] = [];
    for (let index = 0; index < 9; index += 1) waits.push(await call('answered'));

    expect(waits).toEqual([1_000, 500, 250, 125, 62.5, 31.25, 15.625, 7.8125, 0]);
  });

  test('and from where AWS refused before only as slowly as after a refusal', async () => {
    for (let index = 0; index < 4; index += 1) await call('throttled');
    for (let index = 0; index < 3; index += 1) await call('silent');

    const waits: number[] = [];
    for (let index = 0; index < 4; index += 1) waits.push(Math.round(await call('answered')));

    expect(waits).toEqual([1_000, 500, 250, 220]);
  });
});

test('a wall clock that jumps changes nothing', async () => {
  await call('throttled');

  clock.jump(-3_600_000);

  expect(await call('answered')).toBe(100);
});
