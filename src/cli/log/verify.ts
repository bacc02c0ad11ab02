import { readFile, writeFile } from 'node:fs/promises';
import type { Checkpoint } from '../../log/checkpoint.ts';
import type { Chain } from '../../log/chain.ts';
import { LogError } from '../../log/errors.ts';
import { keptCheckpoint, readKeptCheckpoint } from '../../log/kept-checkpoint.ts';
import { parseVkey } from '../../log/keys.ts';
import type { VerifyOptions as VerifyLogOptions } from '../../log/verify.ts';
import { CommandError, EXIT, json, type ExitCode, type Io } from '../io.ts';
import { systemClock } from '../system-clock.ts';
import { plain } from '../table.ts';
import { checkpointsIn } from './copied-checkpoints.ts';
import { openStore } from './open-store.ts';
import { rangeOf, type RangeOptions } from './range.ts';
import { verdict } from './verdict.ts';
import { verifyKept } from './verification.ts';

export type VerifyOptions = RangeOptions & {
  readonly folder?: string;
  readonly botKey?: string;
  readonly workerKey?: string;
  readonly checkpoint?: readonly string[];
  /** Where to write the place up to which everything held. */
  readonly keep?: string;
  readonly retainDays?: number;
  readonly json: boolean;
};

const DAY_MS = 86_400_000;

export async function verify(options: VerifyOptions, io: Io): Promise<ExitCode> {
  const { folder, botKey, workerKey, checkpoint, keep, json: asJson } = options;
  const trustedKeys = bothKeys(botKey, workerKey);
  const range = rangeOf(options);
  const given = await Promise.all((checkpoint ?? []).map(readCheckpoint));
  const contains = distinct(given.flatMap(({ checkpoints }) => checkpoints));
  const opened = await openStore(folder, io);
  const origin = opened.origin ?? contains[0]?.origin;
  const stray = contains.find((seen) => seen.origin !== origin);
  if (stray !== undefined)
    throw new CommandError(EXIT.usage, `--checkpoint is of ${plain(stray.origin)}, not of ${origin}`);
  const retainDays = options.retainDays ?? opened.retainDays;
  let end: Chain | undefined;
  try {
    const kept = {
      store: opened.store,
      versions: opened.versions,
      now: systemClock.now(),
      retainMs: retainDays === undefined ? undefined : retainDays * DAY_MS,
    };
    const found = await verifyKept(kept, {
      ...(origin === undefined ? {} : { origin }),
      ...(trustedKeys === undefined ? {} : { trustedKeys }),
      ...(range === undefined ? {} : { within: range }),
      contains,
      starts: given.flatMap(({ start }) => start ?? []),
      onCommit: ({ chain }) => (end = chain),
    });
    if (asJson) io.out(json({ where: opened.where, ...found }));
    else verdict(found, opened.where, range).forEach((line) => io.out(plain(line)));
    if (keep !== undefined && found.valid && end !== undefined) await write(keep, keptCheckpoint(end));
    return found.valid ? EXIT.ok : EXIT.bad;
  } catch (error) {
    throw couldNot(error, opened.where);
  } finally {
    opened.close();
  }
}

/** The store did not answer: nothing can be said about the log. */
export const couldNot = (error: unknown, where: string): unknown =>
  error instanceof LogError && error.code === 'store-unavailable'
    ? new CommandError(EXIT.unknown, `${where} could not be read: ${reason(error)}`, { cause: error })
    : error;

const reason = ({ cause, message }: LogError): string =>
  cause instanceof Error ? `${cause.name}: ${cause.message}` : message;

export function bothKeys(
  bot: string | undefined,
  worker: string | undefined,
): VerifyLogOptions['trustedKeys'] {
  if (bot === undefined && worker === undefined) return undefined;
  if (bot === undefined || worker === undefined)
    throw new CommandError(EXIT.usage, '--bot-key and --worker-key are given together');
  return { bot: trustedKey('--bot-key', bot), worker: trustedKey('--worker-key', worker) };
}

export function trustedKey(option: string, vkey: string): string {
  try {
    return parseVkey(vkey).text;
  } catch (cause) {
    throw new CommandError(EXIT.usage, `${option} must be a verifier key, name+hash+base64`, { cause });
  }
}

type Given = { readonly checkpoints: readonly Checkpoint[]; readonly start: Chain | undefined };

/**
 * Signed notes, messages with checkpoints in them, or what `--keep` wrote: kept by whoever calls this, so signatures add nothing.
 */
async function readCheckpoint(file: string): Promise<Given> {
  const note = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CommandError(EXIT.usage, `--checkpoint: ${file} cannot be read`, { cause });
  });
  const checkpoints = checkpointsIn(note);
  if (checkpoints.length === 0)
    throw new CommandError(EXIT.usage, `--checkpoint: ${file} is not a checkpoint`);
  try {
    return { checkpoints, start: readKeptCheckpoint(note) };
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    throw new CommandError(EXIT.usage, `--checkpoint: ${file}: ${error.message}`, { cause: error });
  }
}

/** Messages are copied twice, and a summary repeats a checkpoint that was posted before. */
const distinct = (checkpoints: readonly Checkpoint[]): Checkpoint[] => [
  ...new Map(checkpoints.map((each) => [`${each.origin}\n${each.size}\n${each.rootHash}`, each])).values(),
];

/** Replaces nothing: what was kept is worth more than what is read today. */
async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? 'is there already' : 'cannot be written';
    throw new CommandError(EXIT.usage, `--keep: ${file} ${why}`, { cause });
  }
}
