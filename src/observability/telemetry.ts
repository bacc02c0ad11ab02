import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** Events that somebody should look at; the rest is the ordinary course of things. */
const LEVEL: Readonly<Record<string, 'warn' | 'error'>> = {
  'open-failed': 'warn',
  'not-extended': 'warn',
  'close-retry': 'warn',
  'close-late': 'error',
  'cut-retry': 'warn',
  'not-cut': 'error',
  'rotation-retry': 'warn',
  'rotation-late': 'error',
  'observation-retry': 'warn',
  'trail-differs': 'error',
  'sweep-finding': 'warn',
  'step-failed': 'error',
};

/** Business events, counted and logged in this one place. Never throws: nothing may fail because it was being watched. */
export function createTelemetry({
  logger,
  metrics,
}: {
  readonly logger: Logger;
  readonly metrics: Metrics;
}): {
  event(name: string, fields: Fields): void;
} {
  return {
    event(name, fields) {
      try {
        metrics.event(name);
        count(metrics, name, fields);
        logger[LEVEL[name] ?? 'info']({ event: name, ...fields }, name);
      } catch {
        // The next line or the metrics page will show that something is wrong with them.
      }
    },
  };
}

function count(metrics: Metrics, name: string, { latenessMs, codes }: Fields): void {
  // A window that somebody ended early was not late.
  if (name === 'closed' && typeof latenessMs === 'number' && latenessMs >= 0)
    metrics.closeLateness(latenessMs / 1000);
  if (name === 'refused' && typeof codes === 'string')
    codes.split(' ').forEach((code) => metrics.refusal(code));
}
