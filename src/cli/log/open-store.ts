import { stat } from 'node:fs/promises';
import { loadLogAccess, type LogAccess } from '../../config/load-config.ts';
import { FolderLogStore } from '../../log/folder-store.ts';
import { MAX_SNAPSHOT_BYTES } from '../../log/snapshot.ts';
import type { LogStore } from '../../log/types.ts';
import type { VersionedStore } from '../../log/versions.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { systemClock } from '../system-clock.ts';

export type OpenStore = {
  readonly store: LogStore;
  /** The deployment that the log must be of, when the environment names one. */
  readonly origin: string | undefined;
  /** What is known of its objects besides their bytes. A folder knows nothing. */
  readonly versions: VersionedStore | undefined;
  /** For how long its objects are locked, when the environment says so. */
  readonly retainDays: number | undefined;
  /** For people. */
  readonly where: string;
  close(): void;
};

/** The log to read: a folder, or the bucket of the environment. ConfigError, or CommandError when there is no such folder. */
export async function openStore(folder: string | undefined, io: Io): Promise<OpenStore> {
  return folder === undefined
    ? openBucket(loadLogAccess(io.env === undefined ? {} : { env: io.env }))
    : inFolder(folder);
}

async function inFolder(folder: string): Promise<OpenStore> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true)
    throw new CommandError(EXIT.unknown, `${folder} is not a folder that can be read`);
  return {
    store: new FolderLogStore(folder),
    origin: undefined,
    versions: undefined,
    retainDays: undefined,
    where: folder,
    close: () => undefined,
  };
}

/** The bucket, and with `beside` what is kept in it under another prefix than the log's. */
export async function openBucket(
  access: LogAccess,
): Promise<OpenStore & { readonly beside: (prefix: string) => LogStore }> {
  const { AwsClients } = await import('../../aws/clients.ts');
  const { LogBucket } = await import('../../aws/log-bucket.ts');
  const { BucketVersions } = await import('../../aws/bucket-versions.ts');
  const clients = new AwsClients({ deployment: access.deployment ?? 'reader', credentials: access.aws });
  // Nothing is written here, so nothing is retained.
  const options = { clients: clients.s3, bucket: access.bucket, retainDays: 0, clock: systemClock };
  const store = new LogBucket(options);
  return {
    store,
    beside: (prefix) => new LogBucket({ ...options, objects: { prefix, maxBytes: MAX_SNAPSHOT_BYTES } }),
    versions: new BucketVersions({ client: clients.s3.read, bucket: access.bucket }),
    retainDays: access.retainDays ?? undefined,
    origin: access.deployment ?? undefined,
    where: `s3://${access.bucket}`,
    close: () => clients.destroy(),
  };
}
