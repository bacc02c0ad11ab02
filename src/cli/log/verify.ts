import { readFile } from 'node:fs/promises';
import { AUTHOR } from '../../domain/records.ts';
import { parseCheckpoint, type Checkpoint } from '../../log/checkpoint.ts';
import { commitKey } from '../../log/commit.ts';
import { LogError } from '../../log/errors.ts';
import { parseVkey } from '../../log/keys.ts';
import { verifyLog, type VerifyOptions as VerifyLogOptions, type VerifyReport } from '../../log/verify.ts';
import { CommandError, EXIT, json, type ExitCode, type Io } from '../io.ts';
import { plain } from '../table.ts';
import { openStore, type OpenStore } from './open-store.ts';

export type VerifyOptions = {
  readonly folder?: string;
  readonly botKey?: string;
  readonly workerKey?: string;
  readonly checkpoint?: readonly string[];
  readonly json: boolean;
};

export async function verify(
  { folder, botKey, workerKey, checkpoint, json: asJson }: VerifyOptions,
  io: Io,
): Promise<ExitCode> {
  const trustedKeys = bothKeys(botKey, workerKey);
  const contains = await Promise.all((checkpoint ?? []).map(readCheckpoint));
  const opened = await openStore(folder, io);
  const origin = opened.origin ?? contains[0]?.origin;
  const stray = contains.find((seen) => seen.origin !== origin);
  if (stray !== undefined)
    throw new CommandError(EXIT.usage, `--checkpoint is of ${plain(stray.origin)}, not of ${origin}`);
  try {
    const found = await verifyLog(opened.store, {
      ...(origin === undefined ? {} : { origin }),
      ...(trustedKeys === undefined ? {} : { trustedKeys }),
      contains,
      authorOf: (type) => (Object.hasOwn(AUTHOR, type) ? AUTHOR[type as keyof typeof AUTHOR] : undefined),
    });
    const report = (await hidesItsEnd(found, opened)) ? cutShort(found) : found;
    if (asJson) io.out(json({ where: opened.where, ...report }));
    else text(report, opened.where).forEach((line) => io.out(plain(line)));
    return report.valid ? EXIT.ok : EXIT.bad;
  } catch (error) {
    throw couldNot(error, opened.where);
  } finally {
    opened.close();
  }
}

/** What a delete marker hides in the middle is a gap; at the end nobody would miss it. */
const hidesItsEnd = async ({ valid, head }: VerifyReport, { hides }: OpenStore): Promise<boolean> =>
  valid && head !== undefined && hides(commitKey(head.commit - 1));

const cutShort = (report: VerifyReport): VerifyReport => ({
  ...report,
  valid: false,
  firstBreak: {
    commit: report.commits + 1,
    code: 'head-moved-back',
    text: 'the end of the log is hidden by a delete marker: list the versions of its objects',
  },
});

/** The store did not answer: nothing can be said about the log. */
export const couldNot = (error: unknown, where: string): unknown =>
  error instanceof LogError && error.code === 'store-unavailable'
    ? new CommandError(EXIT.unknown, `${where} could not be read: ${reason(error)}`, { cause: error })
    : error;

const reason = ({ cause, message }: LogError): string =>
  cause instanceof Error ? `${cause.name}: ${cause.message}` : message;

function text(report: VerifyReport, where: string): string[] {
  const { valid, firstBreak, head, keys, found, commits, records } = report;
  const lines = [
    valid ? `VALID    ${where}` : `INVALID  ${where}`,
    `commits  ${commits}/${found} hold`,
    `records  ${records}${report.from === undefined ? '' : ` from ${report.from} to ${report.to}`}`,
  ];
  if (firstBreak) lines.push(`break    ${firstBreak.text} (${firstBreak.code}, commit ${firstBreak.commit})`);
  if (report.newerFormat > 0)
    lines.push(`unknown  ${report.newerFormat} records are of a newer format than this version reads`);
  if (report.origin !== undefined) lines.push(`origin   ${report.origin}`);
  if (keys) {
    const how =
      report.trust === 'given-keys'
        ? 'descends from the given keys'
        : 'as the log itself says: give --bot-key and --worker-key to check it';
    lines.push(`bot      ${keys.bot}`, `worker   ${keys.worker}`, `trust    ${how}`);
  }
  if (head) lines.push(`head     ${head.size} records, root ${head.rootHash}`, `anchored ${anchor(report)}`);
  return lines;
}

function bothKeys(bot: string | undefined, worker: string | undefined): VerifyLogOptions['trustedKeys'] {
  if (bot === undefined && worker === undefined) return undefined;
  if (bot === undefined || worker === undefined)
    throw new CommandError(EXIT.usage, '--bot-key and --worker-key are given together');
  return { bot: trustedKey('--bot-key', bot), worker: trustedKey('--worker-key', worker) };
}

/** Against those who hold the keys, nothing is proven beyond this. */
const anchor = ({ anchored }: VerifyReport): string =>
  anchored === 0
    ? 'nowhere: give a --checkpoint that was kept where the operators cannot change it'
    : `up to record ${anchored - 1}, by a checkpoint kept elsewhere`;

export function trustedKey(option: string, vkey: string): string {
  try {
    return parseVkey(vkey).text;
  } catch (cause) {
    throw new CommandError(EXIT.usage, `${option} must be a verifier key, name+hash+base64`, { cause });
  }
}

/** A signed note, or its text alone: it was kept by whoever calls this, so its signature adds nothing. */
async function readCheckpoint(file: string): Promise<Checkpoint> {
  const note = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CommandError(EXIT.usage, `--checkpoint: ${file} cannot be read`, { cause });
  });
  const [body = ''] = note.split('\n\n', 1);
  const checkpoint = parseCheckpoint(`${body.trimEnd()}\n`);
  if (checkpoint === undefined)
    throw new CommandError(EXIT.usage, `--checkpoint: ${file} is not a checkpoint`);
  return checkpoint;
}
