import { setTimeout as pause } from 'node:timers/promises';

/** What `look` answers as soon as it is something; undefined when that has not come within the time. */
export async function until<Found>(
  withinMs: number,
  look: () => Promise<Found | undefined | false> | Found | undefined | false,
  everyMs = 50,
): Promise<Found | undefined> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpAt) return undefined;
    await pause(everyMs);
  }
}
