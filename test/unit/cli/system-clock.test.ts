import { expect, it } from '@jest/globals';
import { systemClock } from '../../../src/cli/system-clock.ts';

it('a pause ends at once when it is aborted, without an error', async () => {
  const started = systemClock.monotonic();

  await systemClock.pause(60_000, AbortSignal.abort());

  expect(systemClock.monotonic() - started).toBeLessThan(5_000);
});

it('a pause lasts as long as asked, and both clocks go on meanwhile', async () => {
  const [wall, monotonic] = [systemClock.now(), systemClock.monotonic()];

  await systemClock.pause(20);

  expect(systemClock.now()).toBeGreaterThanOrEqual(wall + 18);
  expect(systemClock.monotonic()).toBeGreaterThanOrEqual(monotonic + 18);
});
