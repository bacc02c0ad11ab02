import { writeFile } from 'node:fs/promises';
import type { Bucket, ObjectVersion } from './bucket.ts';

/** The log's objects, oldest first, without their own keys: what is put somewhere takes the key of its place. */
export interface LogCopy {
  readonly bucket: Bucket;
  readonly commits: readonly ObjectVersion[];
}

/** One way to alter a log's bucket from behind: S3 itself lets nobody do most of these. */
export interface Tampering {
  readonly name: string;
  /** Reads after "You may". */
  readonly text: string;
  readonly alter: (log: LogCopy) => Promise<unknown>;
}

/** Commits that a log must have before all of them can be played. */
export const LEAST_COMMITS = 6;

const DAY_MS = 86_400_000;
const STRAY = Buffer.from('nothing to see here\n');

export const TAMPERINGS: readonly Tampering[] = [
  {
    name: 'flip',
    text: 'flip one bit of a record',
    alter: async ({ bucket, commits }) => {
      const [version] = middle(commits);
      const bytes = Buffer.from(await bucket.read(version));
      // Within a value of the first record, so that it stays JSON.
      const at = bytes.indexOf('"at":"') + 8;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await overwrite(bucket, version, bytes);
    },
  },
  {
    name: 'drop',
    text: 'remove a commit for good',
    alter: ({ bucket, commits }) => bucket.remove(middle(commits)[0]),
  },
  {
    name: 'swap',
    text: 'swap two commits',
    alter: async ({ bucket, commits }) => {
      const [one, two] = middle(commits);
      const [first, second] = [await bucket.read(one), await bucket.read(two)];
      await overwrite(bucket, one, second);
      await overwrite(bucket, two, first);
    },
  },
  {
    name: 'cut-end',
    text: 'remove the last three commits',
    alter: async ({ bucket, commits }) => {
      for (const version of commits.slice(-3)) await bucket.remove(version);
    },
  },
  {
    name: 'replay',
    text: 'append a commit that was there before',
    alter: async ({ bucket, commits }) => {
      const [version] = middle(commits);
      const last = newest(commits);
      const key = `log/${String(Number(last.key.slice(4)) + 1).padStart(16, '0')}`;
      await bucket.put({ ...version, key }, await bucket.read(version), () => undefined);
    },
  },
  {
    name: 'stray',
    text: 'put something else beside the commits',
    alter: async ({ bucket, commits }) =>
      bucket.put(
        { ...newest(commits), key: 'log/readme.txt', checksums: {}, size: STRAY.length },
        STRAY,
        () => undefined,
      ),
  },
  {
    name: 'hide-newest',
    text: 'lay a delete marker over the newest commit',
    alter: ({ bucket, commits }) => hide(bucket, newest(commits)),
  },
  {
    name: 'hide-middle',
    text: 'lay a delete marker over a commit in the middle',
    alter: ({ bucket, commits }) => hide(bucket, middle(commits)[0]),
  },
  {
    name: 'rewrite',
    text: 'write the newest commit a second time, as it was',
    alter: async ({ bucket, commits }) => {
      const version = newest(commits);
      const body = await bucket.read(version);
      await bucket.put(version, body, () => undefined);
    },
  },
  {
    name: 'shorten',
    text: 'shorten the retention of a commit',
    alter: async ({ bucket, commits }) => {
      const [version] = middle(commits);
      const until = (version.retention?.until ?? 0) - DAY_MS;
      await bucket.change({ ...version, retention: { mode: 'COMPLIANCE', until } });
    },
  },
  {
    name: 'weaken',
    text: 'change the lock of a commit to one that can be lifted',
    alter: async ({ bucket, commits }) => {
      const [version] = middle(commits);
      const until = version.retention?.until ?? 0;
      await bucket.change({ ...version, retention: { mode: 'GOVERNANCE', until } });
    },
  },
];

const newest = (commits: readonly ObjectVersion[]): ObjectVersion => at(commits, commits.length - 1);

/** Two commits in the middle, one after the other. */
function middle(commits: readonly ObjectVersion[]): [ObjectVersion, ObjectVersion] {
  const half = Math.floor(commits.length / 2);
  return [at(commits, half), at(commits, half + 1)];
}

function at(commits: readonly ObjectVersion[], index: number): ObjectVersion {
  const version = commits[index];
  if (version === undefined) throw new Error(`the log has no commit ${index + 1}`);
  return version;
}

/** Without the checksum of what was there: a client would see at once that it is another one's. */
async function overwrite(bucket: Bucket, version: ObjectVersion, bytes: Buffer): Promise<void> {
  await writeFile(bucket.pathOf(version), bytes);
  await bucket.change({ ...version, size: bytes.length, checksums: {} });
}

const hide = (bucket: Bucket, { key, lastModified }: ObjectVersion): Promise<unknown> =>
  bucket.put(
    {
      key,
      deleteMarker: true,
      etag: '',
      size: 0,
      lastModified,
      contentType: '',
      metadata: {},
      checksums: {},
      legalHold: false,
    },
    undefined,
    () => undefined,
  );
