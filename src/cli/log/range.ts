import { CommandError, EXIT } from '../io.ts';

/** Part of a log, by the writers' clocks: from `since` on, before `until`; epoch milliseconds. */
export type Range = { readonly since: number; readonly until: number; readonly text: string };

export type RangeOptions = { readonly since?: string; readonly until?: string };

/** A day stands for its beginning in UTC. CommandError for what is neither a day nor a time. */
export function rangeOf({ since, until }: RangeOptions): Range | undefined {
  if (since === undefined && until === undefined) return undefined;
  const range = {
    since: since === undefined ? -Infinity : timeOf('--since', since),
    until: until === undefined ? Infinity : timeOf('--until', until),
  };
  if (range.since >= range.until) throw new CommandError(EXIT.usage, '--since must be before --until');
  return { ...range, text: `${since ?? 'the beginning'} to ${until ?? 'the end'}` };
}

export const isWithin = (range: Range | undefined, at: string): boolean => {
  const time = Date.parse(at);
  return range === undefined || (time >= range.since && time < range.until);
};

function timeOf(option: string, text: string): number {
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{3})?)?Z)?$/.test(text);
  const time = isTime ? Date.parse(text) : NaN;
  if (Number.isNaN(time))
    throw new CommandError(
      EXIT.usage,
      `${option} must be a day or a time in UTC: 2026-03-01 or 2026-03-01T12:00:00Z`,
    );
  return time;
}
