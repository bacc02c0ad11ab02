import type { Logger } from '../observability/logger.ts';

/** Resolves when all is well and throws otherwise; gets a signal that ends with its time. */
export type Check = (signal: AbortSignal) => Promise<unknown>;

export type ReadyReport = {
  readonly ready: boolean;
  /** Names and outcomes only: what went wrong is in the log, not on a page that anybody may read. */
  readonly checks: Readonly<Record<string, 'ok' | 'failed' | 'timed out'>>;
};

const CHECK_MS = 2_000;

/** Runs all checks at once; each has its own two seconds. */
export async function runChecks(
  checks: Readonly<Record<string, Check>>,
  logger: Logger,
  limitMs = CHECK_MS,
): Promise<ReadyReport> {
  const outcomes = await Promise.all(
    Object.entries(checks).map(
      async ([name, check]) => [name, await run(name, check, logger, limitMs)] as const,
    ),
  );
  return { ready: outcomes.every(([, outcome]) => outcome === 'ok'), checks: Object.fromEntries(outcomes) };
}

async function run(
  name: string,
  check: Check,
  logger: Logger,
  limitMs: number,
): Promise<'ok' | 'failed' | 'timed out'> {
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<'timed out'>((resolve) => {
    timer = setTimeout(() => {
      limit.abort();
      resolve('timed out');
    }, limitMs);
  });
  const checked = (async () => {
    try {
      await check(limit.signal);
      return 'ok' as const;
    } catch (error) {
      logger.warn({ check: name, err: error }, 'not ready');
      return 'failed' as const;
    }
  })();
  try {
    return await Promise.race([checked, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
