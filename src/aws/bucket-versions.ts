import { GetObjectRetentionCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';

import type { ObjectLock, ObjectVersion, VersionedStore } from '../log/versions.ts';
import { nameOf } from './errors.ts';
import { timeLimit } from './time-limit.ts';

const READ_MS = 10_000;
/** GetObjectRetention: the object was written without a lock, or the bucket cannot lock any. */
const UNLOCKED = ['NoSuchObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError', 'InvalidRequest'];

export type BucketVersionsOptions = {
  readonly client: S3Client;
  readonly bucket: string;
  readonly prefix?: string;
};

/** Every version of the objects in the log's bucket. Takes s3:ListBucketVersions and s3:GetObjectRetention. */
export class BucketVersions implements VersionedStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor({ client, bucket, prefix = 'log/' }: BucketVersionsOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async *versions(): AsyncGenerator<ObjectVersion> {
    let from: { KeyMarker?: string; VersionIdMarker?: string } = {};
    for (;;) {
      const command = new ListObjectVersionsCommand({ Bucket: this.#bucket, Prefix: this.#prefix, ...from });
      const {
        Versions = [],
        DeleteMarkers = [],
        ...answer
      } = await this.#client.send(command, timeLimit(READ_MS));
      const page = [
        ...Versions.map((version) => ({ ...version, isDeleteMarker: false })),
        ...DeleteMarkers.map((marker) => ({ ...marker, isDeleteMarker: true })),
      ].map(({ Key = '', VersionId = 'null', LastModified, isDeleteMarker }) => ({
        key: Key,
        versionId: VersionId,
        isDeleteMarker,
        storedAt: LastModified?.getTime() ?? 0,
      }));
      yield* page.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
      const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = answer;
      if (IsTruncated !== true || NextKeyMarker === undefined) return;
      from = {
        KeyMarker: NextKeyMarker,
        ...(NextVersionIdMarker === undefined ? {} : { VersionIdMarker: NextVersionIdMarker }),
      };
    }
  }

  async lockOf({ key, versionId }: ObjectVersion): Promise<ObjectLock | undefined> {
    const command = new GetObjectRetentionCommand({ Bucket: this.#bucket, Key: key, VersionId: versionId });
    try {
      const { Retention } = await this.#client.send(command, timeLimit(READ_MS));
      const { Mode, RetainUntilDate } = Retention ?? {};
      if (Mode === undefined || RetainUntilDate === undefined) return undefined;
      return { mode: Mode, until: RetainUntilDate.getTime() };
    } catch (error) {
      if (UNLOCKED.includes(nameOf(error))) return undefined;
      throw error;
    }
  }
}
