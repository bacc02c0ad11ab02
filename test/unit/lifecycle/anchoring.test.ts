import { describe, expect, test } from '@jest/globals';

import { Anchoring } from '../../../src/lifecycle/anchoring.ts';
import type { Anchor, Kept } from '../../../src/ports/anchor.ts';
import type { BreakglassLog } from '../../../src/ports/log.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A log of so many records, and a place that keeps what it is handed. */
function world({ size = 5, there = null }: { size?: number; there?: Kept | null } = {}) {
  const clock = new FakeClock();
  const head = { commit: 1, size, rootHash: '', checkpoint: '' };
  const log = { head } as { -readonly [Key in keyof BreakglassLog]: BreakglassLog[Key] };
  const place: { kept: number[]; asked: number; there: Kept | null; away: boolean } = {
    kept: [],
    asked: 0,
    there,
    away: false,
  };
  const anchor: Anchor = {
    newest: async () => {
      place.asked += 1;
      return place.there;
    },
    keep: async (kept) => {
      if (place.away) throw new Error('away');
      place.kept.push(kept.size);
    },
  };
  const anchoring = new Anchoring({ log, clock, anchor });
  const grows = (records = 1): void => {
    log.head = { ...log.head, size: log.head.size + records };
  };
  return { clock, place, anchoring, grows };
}

describe('a checkpoint', () => {
  test('is kept at the first look, and again a day later when something was appended', async () => {
    const { clock, place, anchoring, grows } = world();

    const wait = (await anchoring.look()) - clock.now();
    grows();
    await clock.advance(wait);
    await anchoring.look();

    expect(wait).toBe(DAY);
    expect(place.kept).toEqual([5, 6]);
  });

  test('is not kept before the day is over', async () => {
    const { clock, place, anchoring, grows } = world();
    await anchoring.look();
    grows();
    await clock.advance(DAY - 2 * HOUR);

    const next = await anchoring.look();

    expect(place.kept).toEqual([5]);
    expect(next - clock.now()).toBe(2 * HOUR);
  });

  test('of a log that stood still is not kept twice; what is appended then is within the hour', async () => {
    const { clock, place, anchoring, grows } = world();
    await anchoring.look();
    await clock.advance(3 * DAY);

    const wait = (await anchoring.look()) - clock.now();
    grows();
    await clock.advance(wait);
    await anchoring.look();

    expect(wait).toBe(HOUR);
    expect(place.kept).toEqual([5, 6]);
  });

  test('is kept at once when that is asked for, and then only once', async () => {
    const { place, anchoring, grows } = world();
    await anchoring.look();
    grows(3);
    anchoring.urge();

    await anchoring.look();
    await anchoring.look();

    expect(place.kept).toEqual([5, 8]);
  });

  test('is asked for until it is taken', async () => {
    const { place, anchoring } = world();
    place.away = true;

    await expect(anchoring.look()).rejects.toThrow('away');
    place.away = false;
    await anchoring.look();

    expect(place.kept).toEqual([5]);
  });
});

describe('what another process has kept', () => {
  test('counts as ours', async () => {
    const clock = new FakeClock();
    const { place, anchoring } = world({ size: 9, there: { size: 7, at: clock.now() - HOUR } });

    const next = await anchoring.look();

    expect(place.kept).toEqual([]);
    expect(next - clock.now()).toBe(DAY - HOUR);
  });

  test('is asked for only when a checkpoint is due', async () => {
    const { clock, place, anchoring, grows } = world();
    await anchoring.look();
    grows();
    await anchoring.look();
    await clock.advance(DAY);
    await anchoring.look();

    expect(place.asked).toBe(2);
  });

  test('of a longer log that was here before does not keep a new one from being kept', async () => {
    const clock = new FakeClock();
    const { place, anchoring } = world({ size: 2, there: { size: 900, at: clock.now() - 2 * DAY } });

    await anchoring.look();

    expect(place.kept).toEqual([2]);
  });
});
