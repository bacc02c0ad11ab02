import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY = 50;

/** What `look` answers as soon as it answers something other than undefined or false. Throws after `withinMs`, saying what was waited for. */
export async function eventually<Found>(
  what: string,
  withinMs: number,
  look: () => Promise<Found | undefined | false> | Found | undefined | false,
): Promise<Found> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpAt) throw new Error(`within ${withinMs} ms this did not happen: ${what}`);
    await pause(LOOK_EVERY);
  }
}
