import { randomBytes, verify } from 'node:crypto';
import { AwsClients } from '../../aws/clients.ts';
import { UnusableKeyError } from '../../aws/kms-signer.ts';
import { LogBucket } from '../../aws/log-bucket.ts';
import { loadLogWriting, type LogWriting } from '../../config/load-config.ts';
import { isoTime } from '../../domain/time.ts';
import { commitKey } from '../../log/commit.ts';
import {
  LogError,
  openLog,
  parseVkey,
  RETRY_DELAYS_MS,
  type KeyReplaced,
  type Log,
  type Role,
  type Signer,
} from '../../log/index.ts';
import { CommandError, EXIT, json, type ExitCode, type Io } from '../io.ts';
import { signerOf } from '../serve/signers.ts';
import { systemClock } from '../system-clock.ts';

export type ReplaceKeyOptions = { readonly role: Role; readonly to: string; readonly json: boolean };

type Replaced = {
  readonly role: Role;
  readonly before: string;
  readonly after: string;
  /** The commit after which the new key signs; null where it had been replaced before. */
  readonly commit: number | null;
  readonly checkpoint: string;
};

type RecordsAlone = Log<null, KeyReplaced>;

/** One key of a role takes the place of another, by a record that the old one signs. */
export async function replaceKey({ role, to, json: asJson }: ReplaceKeyOptions, io: Io): Promise<ExitCode> {
  const writing = loadLogWriting(role, io.env === undefined ? {} : { env: io.env });
  const next = writing.keyNamed('--to', to);
  const clients = new AwsClients({ deployment: writing.deployment, credentials: writing.aws });
  try {
    const [before, after] = await Promise.all([signerOf(clients, writing.key), signerOf(clients, next)]);
    if (before.vkey === after.vkey)
      throw new CommandError(EXIT.usage, `--to is the key that the ${role} signs with already`);
    await expectToSign(after);
    const replaced = await replace(writing, clients, before, after);
    if (asJson) io.out(json(replaced));
    else advice(replaced, to).forEach((line) => io.out(line));
    return EXIT.ok;
  } catch (error) {
    throw explained(error, writing.bucket);
  } finally {
    clients.destroy();
  }
}

/** A key that nobody can sign with would end the role's part of the log for good. */
async function expectToSign(signer: Signer): Promise<void> {
  const text = Buffer.concat([Buffer.from('breakglass: can this key sign?\n'), randomBytes(16)]);
  const signature = await signer.sign(text).catch((cause: unknown) => {
    throw new LogError('signer-unavailable', 'the new key does not sign', { cause });
  });
  if (!verify(null, text, parseVkey(signer.vkey).publicKey, signature))
    throw new LogError('signer-unavailable', 'the new key signs something else than it was asked');
}

async function replace(
  { bucket, retainDays }: LogWriting,
  { s3 }: AwsClients,
  before: Signer,
  after: Signer,
): Promise<Replaced> {
  const store = new LogBucket({ clients: s3, bucket, retainDays, clock: systemClock });
  const { role } = before;
  const opened = (signer: Signer): Promise<RecordsAlone> =>
    openLog({
      store,
      signer,
      projection: { initial: null, fold: () => null },
      patience: { retryDelaysMs: RETRY_DELAYS_MS, wait: (ms) => systemClock.pause(ms) },
    });
  const keys = { role, before: before.vkey, after: after.vkey };
  const log = await opened(before).catch(async (error: unknown) => {
    // Asked before, and the answer was lost.
    const done = isUnknownKey(error) ? await opened(after).catch(() => undefined) : undefined;
    if (done === undefined) throw error;
    return { ...keys, commit: null, checkpoint: done.head.checkpoint };
  });
  if ('after' in log) return log;
  if (await store.hides(commitKey(log.head.commit - 1)))
    throw new LogError('head-moved-back', 'the end of the log is hidden by a delete marker');
  const record: KeyReplaced = {
    format: 1,
    type: 'log.key-replaced',
    at: isoTime(systemClock.now()),
    role,
    key: after.vkey,
  };
  const { head } = await log.append(() => ({ records: [record], result: undefined }), { endsCommit: true });
  return { ...keys, commit: head.commit, checkpoint: head.checkpoint };
}

const isUnknownKey = (error: unknown): boolean => error instanceof LogError && error.code === 'unknown-key';

function advice({ role, before, after, commit }: Replaced, to: string): string[] {
  const [variable, meanwhile] = ROLE_TEXTS[role];
  return [
    commit === null
      ? `The ${role}'s key had been replaced before; nothing was written.`
      : `The ${role}'s key is replaced, by the record in commit ${commit}.`,
    `before   ${before}`,
    `after    ${after}`,
    '',
    `1. Set ${variable}=${to} for every ${role} and start each again. Until then ${meanwhile}.`,
    '2. Give the new verifier key to whoever verifies, beside the old one: log verify takes the keys that the log was',
    '   begun with and lists all, log verify-receipt takes every key that the worker has had.',
    '3. Destroy the old private key once no process signs with it.',
  ];
}

const ROLE_TEXTS = {
  bot: ['BREAKGLASS_BOT_KEY', 'nobody can ask or approve'],
  worker: ['BREAKGLASS_WORKER_KEY', 'nothing opens, and what is open closes on time'],
} as const satisfies Record<Role, readonly [string, string]>;

function explained(error: unknown, bucket: string): unknown {
  if (error instanceof UnusableKeyError) return new CommandError(EXIT.usage, error.message, { cause: error });
  if (!(error instanceof LogError)) return error;
  const isUnknown = error.code === 'store-unavailable' || error.code === 'signer-unavailable';
  const again = isUnknown ? ' Run the command again: it says whether the key was replaced.' : '';
  const text = `The log in ${bucket}: ${error.message} (${error.code}).${again}`;
  return new CommandError(isUnknown ? EXIT.unknown : EXIT.bad, text, { cause: error });
}
