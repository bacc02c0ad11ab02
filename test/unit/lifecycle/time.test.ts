import { describe, expect, test } from '@jest/globals';

import { within, every } from '../../../src/lifecycle/bounded.ts';
import { Deadlines } from '../../../src/lifecycle/deadlines.ts';
import { Memory } from '../../../src/lifecycle/memory.ts';
import { backoff, retryIn } from '../../../src/lifecycle/worker.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { LifecycleWorld } from '../../support/lifecycle-world.ts';

const deadlineIn = (clock: FakeClock, seconds: number) => Math.floor(clock.now() / 1000) + seconds;

describe('a deadline', () => {
  test('passes when the wall clock says so', async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(clock);
    const deadline = deadlineIn(clock, 60);

    const lefts = [deadlines.left('a', deadline)];
    await clock.advance(59_999);
    lefts.push(deadlines.left('a', deadline));
    await clock.advance(1);
    const over = deadlines.left('a', deadline) <= 0;

    expect([lefts, over]).toEqual([[60_000, 1], true]);
  });

  test('comes no later when the wall clock is set back, and earlier when it is set forward', async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(clock);
    const deadline = deadlineIn(clock, 60);
    deadlines.watch('a', deadline);

    clock.jump(-3_600_000);
    const back = deadlines.left('a', deadline);
    clock.jump(7_200_000);
    const forward = deadlines.left('a', deadline);
    await clock.advance(70_000);

    expect([back, forward]).toEqual([60_000, 60_000 - 3_600_000]);
    expect(deadlines.lateness('a', deadline)).toBe(10_000);
  });

  test('that is moved is counted on by as much, whatever the wall clock says; one that is forgotten begins anew', () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(clock);
    const deadline = deadlineIn(clock, 60);
    deadlines.watch('a', deadline);
    clock.jump(-3_600_000);

    const moved = deadlines.left('a', deadline + 40);
    const back = deadlines.left('a', deadline);
    deadlines.forget('a');
    const anew = deadlines.left('a', deadline + 40);

    expect([moved, back, anew]).toEqual([100_000, 60_000, 3_700_000]);
  });

  test('is looked at when it is due, and at once when it is past', async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(clock);
    const deadline = deadlineIn(clock, 60);

    const first = deadlines.wakeAt('a', deadline);
    await clock.advance(90_000);

    expect(first).toBe(deadline * 1000);
    expect(deadlines.wakeAt('a', deadline)).toBe(clock.now());
  });
});

test('a worker keeps nothing of a request it has forgotten', () => {
  const memory = new Memory(new FakeClock());
  const proof = { closedAt: 1, latenessMs: 1, awsRequests: [], witnessed: true };
  memory.gone.set('a', { ...proof, kept: [], told: true });
  memory.threadAwaited.set('a', 1);
  memory.missedSince.set('a', 1);
  memory.made.set('a', { target: {} as never, rules: [], at: 1 });
  memory.changes.add('a', 'switchRequests', ['req-1']);
  memory.shownGone.add('a');
  memory.page('a', 'close').taken();
  const pages = [memory.page('a', 'close').isTaken, memory.page('a', 'rotation').isTaken];

  memory.forget('a');

  expect(pages).toEqual([true, false]);
  expect([memory.gone.size, memory.missedSince.size, memory.made.size]).toEqual([0, 0, 0]);
  expect(memory.threadAwaited.size).toBe(0);
  expect(memory.changes.of('a').switchRequests).toEqual([]);
  expect(memory.page('a', 'close').isNew).toBe(true);
  expect(memory.shownGone.size).toBe(0);
});

describe('backing off', () => {
  test('doubles from 200 ms to 5 s and no further, at most half of it by chance', () => {
    const range = (attempt: number) =>
      [0, 1].map((fraction) => backoff({ chance: { fraction: () => fraction } }, attempt));

    expect([0, 1, 4, 5, 1_000].map(range)).toEqual([
      [100, 200],
      [200, 400],
      [1_600, 3_200],
      [2_500, 5_000],
      [2_500, 5_000],
    ]);
  });
});

describe('a visit that failed', () => {
  test('is repeated at the deadline of a window that may be open, however often it has failed', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const pending = await world.asked({ delivery: 'V2' });
    const open = await world.opened(worker);
    await world.pastDeadline(worker, open, -700);

    const before = [retryIn(worker, open, 9), retryIn(worker, pending, 9)];
    await world.clock.advance(700);

    expect(before).toEqual([700, 3_750]);
    expect(retryIn(worker, open, 9)).toBe(3_750);
  });
});

describe('waiting no longer than so long', () => {
  test('answers what came in time, and leaves no timer behind', async () => {
    const clock = new FakeClock();

    expect(await within(clock, 1_000, Promise.resolve('answer'))).toBe('answer');
    expect(clock.waiting).toBe(0);
  });

  test('answers nothing for what failed, then or later', async () => {
    const clock = new FakeClock();
    let fail = (_error: Error): void => undefined;
    const hanging = new Promise<string>((_, reject) => (fail = reject));

    const failed = await within(clock, 1_000, Promise.reject(new Error('503')));
    const late = await clock.drive(within(clock, 1_000, hanging));
    fail(new Error('too late'));
    await clock.advance(0);

    expect([failed, late]).toEqual([undefined, undefined]);
  });

  test('of several, a failure is told when the last has ended', async () => {
    const clock = new FakeClock();
    let ended = false;
    const slow = clock.pause(1_000).then(() => (ended = true));

    const all = every([Promise.reject(new Error('first')), slow]).catch((error: unknown) => [
      String(error),
      ended,
    ]);

    expect(await clock.drive(all)).toEqual(['Error: first', true]);
    expect(await every([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2]);
  });
});
