import { readFile } from 'node:fs/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { writeCommit, type Chain } from '../../../src/log/chain.ts';
import {
  canonicalText,
  MemoryLogStore,
  pemSigner,
  readLog,
  type Role,
  type Signer,
} from '../../../src/log/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { eventually } from '../eventually.ts';
import type { Product } from '../product.ts';
import { withBucket } from './download.ts';

export const ORIGIN = 'demo';

/** The key of a role of this deployment, as whoever runs it holds it. */
export const keyOf =
  (role: Role) =>
  async ({ surroundings: { keys } }: Product): Promise<Signer> =>
    pemSigner(role, ORIGIN, await readFile(keys.paths[role], 'utf8'));

/** Puts one more commit into the bucket, as somebody with every right in AWS can. */
export async function forgeCommit(product: Product, signer: Signer, record: object): Promise<void> {
  await withBucket(product, 'admin', (s3) =>
    eventually('a place at the end of the log', 10_000, async () => {
      const { chain, number } = await endOf(product);
      const put = new PutObjectCommand({
        Bucket: AWS_WORLD.logBucket,
        Key: `log/${String(number).padStart(16, '0')}`,
        Body: await writeCommit(chain, [canonicalText(record as never)], signer),
        IfNoneMatch: '*',
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: new Date(Date.now() + 2 * 86_400_000),
        ChecksumAlgorithm: 'SHA256',
      });
      return s3.send(put).then(
        () => true,
        () => false,
      );
    }),
  );
}

async function endOf(product: Product): Promise<{ chain: Chain; number: number }> {
  const copy = new MemoryLogStore();
  const count = await product.log.commits();
  for (let number = 1; number <= count; number += 1) {
    const key = `log/${String(number).padStart(16, '0')}`;
    const { text } = await product.client.awsObject(AWS_WORLD.logBucket, key);
    await copy.createIfAbsent(key, Buffer.from(text));
  }
  let end: Chain | undefined;
  for await (const { chain } of readLog(copy)) end = chain;
  if (end === undefined) throw new Error('there is no log');
  return { chain: end, number: count + 1 };
}
