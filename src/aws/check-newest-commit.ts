import {
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';

import { commitKey, commitNumber } from '../log/commit.ts';
import { nameOf } from './errors.ts';
import { bad, ok, unasked, type Finding } from './finding.ts';
import { timeLimit } from './time-limit.ts';

const READ_MS = 10_000;
const DAY_MS = 86_400_000;
/** Locks are asked for by the writer's clock, some time before S3 takes the object. */
const CLOCKS_APART_MS = 3_600_000;

export type NewestCommit = { readonly key: string; readonly versionId: string };

const CHECK = "newest commit's lock";

/** Judged by the object's own mode and date: whether a deletion is refused would say nothing of who refuses it. */
export async function checkNewestCommit(
  client: S3Client,
  bucket: string,
  retainDays: number | undefined,
): Promise<{ readonly finding: Finding; readonly newest: NewestCommit | undefined }> {
  let permission = 's3:ListBucket';
  let newest: NewestCommit | undefined;
  try {
    const key = await newestKey(client, bucket);
    if (key === undefined)
      return { finding: { check: CHECK, status: 'later', text: 'there is no log yet' }, newest: undefined };
    permission = 's3:GetObject';
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), timeLimit(READ_MS));
    newest = { key, versionId: head.VersionId ?? 'null' };
    permission = 's3:GetObjectRetention';
    const command = new GetObjectRetentionCommand({ Bucket: bucket, Key: key, VersionId: newest.versionId });
    const { Retention } = await client.send(command, timeLimit(READ_MS));
    const { Mode = 'no', RetainUntilDate: until } = Retention ?? {};
    return { finding: judged(key, Mode, until, head.LastModified, retainDays), newest };
  } catch (error) {
    const unlocked = ['NoSuchObjectLockConfiguration', 'InvalidRequest'].includes(nameOf(error));
    const finding = unlocked ? notLocked(newest?.key ?? '') : unasked(CHECK, error, permission);
    return { finding, newest };
  }
}

function judged(
  key: string,
  mode: string,
  until: Date | undefined,
  written: Date | undefined,
  retainDays: number | undefined,
): Finding {
  if (until === undefined) return notLocked(key);
  if (mode !== 'COMPLIANCE')
    return bad(CHECK, `${key} is locked in ${mode} mode, which can be lifted`, WRITE_AGAIN);
  const promised = (written?.getTime() ?? 0) + (retainDays ?? 0) * DAY_MS;
  const text = `${key}: COMPLIANCE until ${until.toISOString()}`;
  if (retainDays === undefined) return ok(CHECK, text);
  return until.getTime() + CLOCKS_APART_MS >= promised
    ? ok(CHECK, text)
    : bad(
        CHECK,
        `${text}, ${retainDays} days would be ${new Date(promised).toISOString()}`,
        'give every process the same BREAKGLASS_LOG_RETAIN_DAYS',
      );
}

const WRITE_AGAIN = 'find out who wrote it; breakglass log verify lists every such version';
const notLocked = (key: string): Finding => bad(CHECK, `${key} is not locked`, WRITE_AGAIN);

/** Keys only list upwards: doubles, then halves, and asks for one key each time. */
async function newestKey(client: S3Client, bucket: string): Promise<string | undefined> {
  const after = async (number: number): Promise<number | undefined> => {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: 'log/',
      StartAfter: commitKey(number),
      MaxKeys: 1,
    });
    const { Contents = [] } = await client.send(command, timeLimit(READ_MS));
    return commitNumber(Contents[0]?.Key ?? '');
  };
  let low = await after(0);
  if (low === undefined) return undefined;
  let step = 1;
  for (let next = await after(low + step); next !== undefined; next = await after(low + step)) {
    low = next;
    step *= 2;
  }
  // The newest is one of low to high.
  let high = low + step;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const next = await after(middle);
    if (next === undefined) high = middle;
    else low = next;
  }
  return commitKey(low);
}
