import { once } from 'node:events';

import { checkBucket } from '../../aws/check-bucket.ts';
import type { Secrets } from '../../config/config.ts';
import type { RunRole } from '../../config/environment.ts';
import { loadConfig } from '../../config/load-config.ts';
import { LogError } from '../../log/index.ts';
import { startHttpServer } from '../../http/server.ts';
import { CommandError, EXIT, type ExitCode, type Io } from '../io.ts';
import { startBot } from './bot.ts';
import { createProcess, type Process, type Running } from './process.ts';
import { startWorker } from './worker.ts';

/**
 * Runs one role, or both, until it is told to stop: SIGTERM, SIGINT, or the end of a parent that started it over a channel.
 * ConfigError with every problem; CommandError when the log is not ours to write.
 */
export async function serve(role: RunRole, io: Io): Promise<ExitCode> {
  const { config, secrets } = loadConfig(role, io.env === undefined ? {} : { env: io.env });
  const own = await createProcess(config, secrets);
  const running: Running[] = [];
  try {
    // Not waited for: a bucket that is away must not keep the closing side from starting.
    void warn(own, secrets);
    // The closing side first: it needs nobody.
    if (secrets.worker !== null) running.push(await startWorker(own, secrets.redisUrl, secrets.worker));
    if (config.bot !== null && secrets.bot !== null)
      running.push(await startBot(own, config.bot, secrets.bot));
    const server = await startHttpServer({
      ...config.http,
      alive: () => running.every((each) => each.alive()),
      checks: Object.assign({}, ...running.map(({ checks }) => checks)) as Running['checks'],
      metrics: own.metrics,
      logger: own.logger,
    });
    own.logger.info({ port: server.port }, 'ready');
    await toldToStop();
    own.logger.info('stopping');
    await server.close();
    return EXIT.ok;
  } catch (error) {
    throw explained(error, own);
  } finally {
    for (const each of running.toReversed()) await each.stop();
    await own.close();
    // What is left are idle connections in the pools of HTTP clients, and the channel to a parent: not worth waiting for.
    setTimeout(() => process.exit(), LINGER).unref();
  }
}

const LINGER = 100;

/** What works and should not stay as it is. */
async function warn({ aws, config, logger }: Process, { worker }: Secrets): Promise<void> {
  const problems = await checkBucket(aws.s3.read, config.log.bucket);
  for (const problem of problems) logger.error({ problem }, 'the log is not as safe as it should be');
  if (worker?.pageUrl === null)
    logger.warn('BREAKGLASS_PAGE_URL is not set: a late closing reaches nobody but this log');
}

/** Whatever has not ended by then is cut off: the log and AWS hold everything that the next start needs. */
const STOP_WITHIN = { told: 10_000, orphaned: 3_000 } as const;

async function toldToStop(): Promise<void> {
  const told = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]).then(() => STOP_WITHIN.told);
  const orphaned =
    process.channel === undefined ? told : once(process, 'disconnect').then(() => STOP_WITHIN.orphaned);
  const within = await Promise.race([told, orphaned]);
  setTimeout(() => process.exit(EXIT.ok), within).unref();
}

function explained(error: unknown, { config }: Process): unknown {
  if (!(error instanceof LogError)) return error;
  const { bucket, initialKeys } = config.log;
  const missing = config.role === 'bot' ? 'BREAKGLASS_WORKER_PUBLIC_KEY' : 'BREAKGLASS_BOT_PUBLIC_KEY';
  const how =
    error.code === 'no-log' && initialKeys === null
      ? ` To begin one, this process needs ${missing} as well.`
      : ' Nothing was started, and nothing was written.';
  return new CommandError(
    EXIT.usage,
    `The log in ${bucket} cannot be used (${error.code}): ${error.message}.${how}`,
    { cause: error },
  );
}
