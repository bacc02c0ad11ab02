import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE } from '../../src/sandbox/programs/program.ts';
import { startRedis } from '../../src/sandbox/programs/start-redis.ts';

export interface TestRedis {
  /** What the product is given as REDIS_URL: an address, or a socket's path. */
  readonly url: string;
  close(): Promise<void>;
}

/** REDIS_URL where it is set, else a Redis of this test's own whose data is gone with it. */
export async function startTestRedis(): Promise<TestRedis> {
  const given = process.env['REDIS_URL'];
  if (given) return { url: given, close: () => Promise.resolve() };

  const parent = join(CACHE, 'test');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'redis-'));
  const redis = await startRedis({ dataDir: join(folder, 'data') });
  return {
    url: redis.url,
    close: async () => {
      await redis.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
