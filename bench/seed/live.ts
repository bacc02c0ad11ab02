import { readFile } from 'node:fs/promises';
import { DEPLOYMENT } from '../../src/cli/demo/folder.ts';
import { AwsStub } from '../stubs/aws.ts';
import { startWorld, type World } from '../world/world.ts';
import { bucketOf } from './bucket.ts';
import { liveGrants } from './grants.ts';
import { History } from './history.ts';

export type Live = {
  readonly world: World;
  readonly stub: AwsStub;
  /** When all of them end, in epoch milliseconds. */
  readonly deadline: number;
};

export type LiveOptions = {
  readonly name: string;
  readonly windows: number;
  readonly groups: number;
  /** Milliseconds from now until all of them end. */
  readonly endIn: number;
  /** Of the requests before them. */
  readonly olderRecords?: number;
  readonly latencyMs: number;
  readonly preload?: readonly string[];
};

/**
 * A world in which so many windows are open already: in the log, in AWS and in the scheduler. One worker may be started on
 * it; nobody asks for anything.
 */
export async function withLive<Answer>(
  options: LiveOptions,
  work: (live: Live) => Promise<Answer>,
): Promise<Answer> {
  const { name, windows, groups, endIn, olderRecords = 0, latencyMs, preload = [] } = options;
  const deadline = Math.ceil((Date.now() + endIn) / 1000);
  await using stub = await AwsStub.start(latencyMs);
  const env = { AWS_ENDPOINT_URL_EC2: stub.url, AWS_ENDPOINT_URL_SCHEDULER: stub.url };
  const world = await startWorld({ name, workers: 1, hosts: 0, start: false, preload, env });
  try {
    const { paths } = world.keys;
    const keys = { bot: await readFile(paths.bot, 'utf8'), worker: await readFile(paths.worker, 'utf8') };
    const bucket = bucketOf(world.urls.aws);
    const history = await History.begin(bucket.store, { origin: DEPLOYMENT, keys });
    await history.sealed(olderRecords);
    const grants = liveGrants(windows, groups, deadline);
    await history.live(grants);
    bucket.close();
    stub.stand(grants);
    return await work({ world, stub, deadline: deadline * 1000 });
  } finally {
    await world.stop();
    await world.forget();
  }
}
