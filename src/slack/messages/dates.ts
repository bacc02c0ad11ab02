import { isoTime, type EpochMs, type EpochSeconds } from '../../domain/time.ts';

/**
 * A moment in the reader's own time zone; where Slack cannot, in UTC.
 * docs.slack.dev/messaging/formatting-message-text#date-formatting
 */
export function moment(at: EpochSeconds): string {
  const seconds = Math.floor(at);
  return `<!date^${seconds}^{date_short_pretty} {time_secs}|${utc(seconds)}>`;
}

/** The time of day alone, for moments that are minutes away. */
export function timeOfDay(at: EpochSeconds): string {
  const seconds = Math.floor(at);
  return `<!date^${seconds}^{time_secs}|${utc(seconds)}>`;
}

export const momentMs = (at: EpochMs): string => moment(at / 1000);

/** `2026-03-01 12:00:00 UTC` */
export const utc = (at: EpochSeconds): string =>
  `${isoTime(at * 1000)
    .slice(0, 19)
    .replace('T', ' ')} UTC`;

/** `1 h 30 min`, `45 s` */
export function span(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [Math.round(seconds % 60), 's'],
  ] as const;
  const shown = parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount} ${unit}`);
  return shown.length === 0 ? '0 s' : shown.join(' ');
}

/** How a closing kept its deadline; tenths of a second while it is close to it. */
export function lateness(ms: number): string {
  const distance = Math.abs(ms);
  const amount = distance < 10_000 ? `${(distance / 1000).toFixed(1)} s` : span(Math.round(distance / 1000));
  return `${amount} ${ms < 0 ? 'before' : 'after'} the deadline`;
}
