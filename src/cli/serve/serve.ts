import { once } from 'node:events';

import { checkBucket } from '../../aws/check-bucket.ts';
import { UnusableKeyError } from '../../aws/kms-signer.ts';
import type { Secrets } from '../../config/config.ts';
import type { RunRole } from '../../config/environment.ts';
import { LogError } from '../../log/index.ts';
import type { Check } from '../../http/checks.ts';
import { startHttpServer, type RunningServer } from '../../http/server.ts';
import { CommandError, EXIT, type ExitCode, type Io } from '../io.ts';
import { startBot } from './bot.ts';
import { createProcess, type Process, type Running } from './process.ts';
import { refusedPort } from './refused-port.ts';
import { readSettings } from './settings.ts';
import { exposedFiles, keysOf } from './signers.ts';
import { startWorker } from './worker.ts';

/**
 * Runs one role, or both, until it is told to stop by SIGTERM or SIGINT.
 * ConfigError with every problem; CommandError when the log is not ours to write.
 */
export async function serve(role: RunRole, io: Io): Promise<ExitCode> {
  const { config, secrets, workflows } = await readSettings(role, io);
  const own = createProcess(config, secrets, workflows);
  const told = toldToStop();
  // What nobody foresaw must not end a process that has ports to close.
  process.on('unhandledRejection', (error) => {
    own.logger.error({ err: error }, 'nobody caught this; everything else goes on');
  });
  const running: Running[] = [];
  const checks: Record<string, Check> = { start: () => Promise.reject(new Error('still starting')) };
  let server: RunningServer | undefined;
  try {
    // Not waited for: a bucket that is away must not keep the closing side from starting.
    void warn(own, secrets);
    // First of all: whoever waits for the bucket is alive, and replacing it would only make another one wait.
    server = await startHttpServer({
      ...config.http,
      alive: () => running.every((each) => each.alive()),
      checks,
      metrics: own.metrics,
      logger: own.logger,
    }).catch((error: unknown) => {
      throw refusedPort('BREAKGLASS_HTTP_PORT', error) ?? error;
    });
    const { port } = server;
    own.logger.info({ port }, 'listening');
    const useless = startRoles(own, secrets, running);
    const ready = Promise.all(running.map((role) => role.ready)).then(() => {
      delete checks['start'];
      Object.assign(checks, ...running.map((each) => each.checks));
      own.logger.info({ port }, 'ready');
    });
    await Promise.race([told, useless, ready.then(() => told)]);
    own.logger.info('stopping');
    return EXIT.ok;
  } catch (error) {
    throw explained(error, own);
  } finally {
    for (const each of running.toReversed()) await each.stop();
    await server?.close();
    await own.close();
    // What is left are idle connections in the pools of HTTP clients, and the channel to a parent: not worth waiting for.
    setTimeout(() => process.exit(), LINGER).unref();
  }
}

const LINGER = 100;

/** The closing side first: it needs nobody. What it answers rejects when the process is of no use as it is configured. */
function startRoles(own: Process, { redisUrl, worker, bot }: Secrets, running: Running[]): Promise<never> {
  const { config, logger } = own;
  if (worker !== null) running.push(startWorker(own, redisUrl, worker));
  return new Promise((_, reject) => {
    const goOn = (why: Error) =>
      logger.error({ err: why }, 'slack cannot reach this process; what is open is closed all the same');
    const unreachable = worker === null ? reject : goOn;
    if (config.bot !== null && bot !== null) running.push(startBot(own, config.bot, bot, unreachable));
  });
}

const UNANCHORED =
  'BREAKGLASS_AUDIT_CHANNEL is not set, nor BREAKGLASS_ANCHOR_URL for the worker: but for the seals, whoever holds the keys and the bucket can alter the log unnoticed';

/** What works and should not stay as it is. */
async function warn({ aws, config, logger }: Process, secrets: Secrets): Promise<void> {
  for (const file of await exposedFiles(keysOf(secrets)))
    logger.warn({ file }, `others than its owner may read this private key: chmod 600 ${file}`);
  const { worker } = secrets;
  const problems = await checkBucket(aws.s3.read, config.log.bucket);
  for (const problem of problems) logger.error({ problem }, 'the log is not as safe as it should be');
  if (worker?.pageUrl === null)
    logger.warn('BREAKGLASS_PAGE_URL is not set: a late closing reaches nobody but this log');
  if (config.auditChannel === null && typeof worker?.anchorUrl !== 'string') logger.warn(UNANCHORED);
}

/** Whatever has not ended by then is cut off: the log and AWS hold everything that the next start needs. */
const STOP_WITHIN = 10_000;

async function toldToStop(): Promise<void> {
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  setTimeout(() => process.exit(EXIT.ok), STOP_WITHIN).unref();
}

function explained(error: unknown, { config }: Process): unknown {
  if (error instanceof UnusableKeyError)
    return new CommandError(EXIT.usage, `The log cannot be signed: ${error.message}`, { cause: error });
  if (!(error instanceof LogError)) return error;
  const { bucket, publicKeys } = config.log;
  const other = config.role === 'bot' ? 'worker' : 'bot';
  const missing = `BREAKGLASS_${other.toUpperCase()}_PUBLIC_KEY`;
  const how =
    error.code === 'no-log' && publicKeys[other] === null
      ? ` To begin one, this process needs ${missing} as well.`
      : ' Nothing was started, and nothing was written.';
  return new CommandError(
    EXIT.usage,
    `The log in ${bucket} cannot be used (${error.code}): ${error.message}.${how}`,
    { cause: error },
  );
}
