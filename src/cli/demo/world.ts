import { join } from 'node:path';

import type { Sandbox } from '../../sandbox/index.ts';
import { startRedis } from '../../sandbox/programs/start-redis.ts';
import { serveRole } from './children.ts';
import { environmentOf, type Delivery, type Settings } from './environment.ts';
import { claimFolder } from './folder.ts';
import { ROOT, startSurroundings, tellSlackWhere } from './surroundings.ts';

export type World = {
  readonly sandbox: Sandbox;
  readonly folder: string;
  stop(): Promise<void>;
};

export type WorldOptions = {
  /** Names of the folders that may be used, in order of preference. */
  readonly folders: Iterable<string>;
  readonly ports: 'preferred' | 'ephemeral';
  readonly delivery: Delivery;
  readonly say: (line: string) => void;
};

/** The whole product and the local world around it: Redis, the sandbox, the bot and the worker as processes of their own. */
export async function startWorld({ folders, ports, delivery, say }: WorldOptions): Promise<World> {
  const { path: folder, lock } = await claimFolder(join(ROOT, '.cache'), folders);
  const opened: (() => Promise<void> | void)[] = [() => lock.release()];
  const stop = async (): Promise<void> => {
    for (const close of opened.splice(0).toReversed()) await close();
  };
  try {
    const redis = await startRedis({ dataDir: join(folder, 'redis'), say });
    opened.push(() => redis.close());
    const surroundings = await startSurroundings({ folder, ports, say });
    const { sandbox } = surroundings;
    opened.push(() => sandbox.close());
    const settings: Settings = { ...surroundings, delivery, redisUrl: redis.url };
    const worker = serveRole('worker', environmentOf('worker', settings), join(folder, 'worker.log'), say);
    opened.push(() => worker.stop());
    const bot = serveRole('bot', environmentOf('bot', settings), join(folder, 'bot.log'), say, (run) => {
      // A bot that ends before it is connected is started again, and heard again.
      if (delivery === 'http') tellSlackWhere(run, surroundings).catch(() => undefined);
    });
    opened.push(() => bot.stop());
    return { sandbox, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
