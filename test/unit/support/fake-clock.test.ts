import { describe, expect, test } from '@jest/globals';

import { FakeClock } from '../../support/fakes/fake-clock.ts';

describe('the clock of the tests', () => {
  test('ends pauses in the order they are due, and what follows them runs in between', async () => {
    const clock = new FakeClock(0);
    const seen: string[] = [];
    const after = (ms: number, name: string) =>
      clock.pause(ms).then(() => seen.push(`${name} at ${clock.now()}`));

    void after(300, 'late');
    void after(100, 'early').then(() => after(100, 'followed'));
    await clock.advance(250);

    expect(seen).toEqual(['early at 100', 'followed at 200']);
    expect(clock.waiting).toBe(1);
    expect(clock.now()).toBe(250);
  });

  test('ends a pause at once when it is aborted', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const pause = clock.pause(1_000, abort.signal);

    abort.abort();
    await pause;

    expect(clock.waiting).toBe(0);
    await expect(clock.pause(1_000, abort.signal)).resolves.toBeUndefined();
  });

  test('jumps on the wall alone', async () => {
    const clock = new FakeClock(0);
    const before = clock.monotonic();

    clock.jump(-3_600_000);
    await clock.advance(10);

    expect(clock.now()).toBe(-3_600_000 + 10);
    expect(clock.monotonic() - before).toBe(10);
  });

  test('drives a promise to its end, and fails when nothing of this clock would settle it', async () => {
    const clock = new FakeClock(0);
    const chain = clock
      .pause(1_000)
      .then(() => clock.pause(2_000))
      .then(() => 'done');

    await expect(clock.drive(chain)).resolves.toBe('done');

    expect(clock.now()).toBe(3_000);
    await expect(clock.drive(new Promise(() => undefined))).rejects.toThrow('not settled');
  });
});
