/** Milliseconds since the Unix epoch, UTC. A fact handed in by the caller: nothing in here reads a clock. */
export type EpochMs = number;
/** Whole seconds since the Unix epoch, UTC: deadlines and rule ends are of this kind. */
export type EpochSeconds = number;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

/** RFC 3339 in UTC with milliseconds, the form every record carries. */
export const isoTime = (at: EpochMs): string => new Date(at).toISOString();

const UNITS = { s: 1, m: 60, h: 3600 } as const;
const DURATION = /^(\d{1,6})([smh])$/;

/** `90s`, `30m`, `2h` to seconds; undefined for anything else, zero included. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text.trim());
  if (match === null) return undefined;
  const seconds = Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  return seconds > 0 ? seconds : undefined;
}

/** Seconds in the largest unit that is exact: 5400 is `90m`, 7200 is `2h`, 75 is `75s`. */
export function formatDuration(seconds: number): string {
  if (seconds % 3600 === 0 && seconds > 0) return `${seconds / 3600}h`;
  if (seconds % 60 === 0 && seconds > 0) return `${seconds / 60}m`;
  return `${seconds}s`;
}
