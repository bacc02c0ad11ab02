import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import type { Product } from '../product.ts';

// As the launcher does for the product.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const Bucket = AWS_WORLD.logBucket;

type Who = keyof typeof SANDBOX_CREDENTIALS;

/** The bucket as anybody with these credentials reaches it. */
export async function withBucket<Answer>(
  { surroundings }: Product,
  who: Who,
  work: (s3: S3Client) => Promise<Answer>,
): Promise<Answer> {
  const s3 = new S3Client({
    endpoint: surroundings.sandbox.urls.aws,
    region: AWS_WORLD.region,
    forcePathStyle: true,
    credentials: SANDBOX_CREDENTIALS[who],
  });
  try {
    return await work(s3);
  } finally {
    s3.destroy();
  }
}

/** Copies the whole log into a folder, as an auditor would with nothing but the right to read. Answers the keys. */
export function download(product: Product, folder: string): Promise<string[]> {
  return withBucket(product, 'auditor', async (s3) => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'log/' }));
    const keys = Contents.flatMap(({ Key }) => Key ?? []);
    for (const Key of keys) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      await mkdir(dirname(join(folder, Key)), { recursive: true });
      await writeFile(join(folder, Key), (await Body?.transformToByteArray()) ?? '');
    }
    return keys;
  });
}
