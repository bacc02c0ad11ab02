import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Sandbox } from '../../sandbox/index.ts';
import { startRedis } from '../../sandbox/programs/start-redis.ts';
import { serveRole } from './children.ts';
import type { ClaimedFolder } from './claim.ts';
import {
  auditorEnvironment,
  environmentOf,
  shellFile,
  variablesOf,
  type Delivery,
  type Settings,
} from './environment.ts';
import { startSurroundings, tellSlackWhere } from './surroundings.ts';

export type World = {
  readonly sandbox: Sandbox;
  /** Where its state and its logs are. */
  readonly folder: string;
  /** Resolves when a role does not start with its settings: nothing else will happen here. It has been said why. */
  readonly refused: Promise<void>;
  /** Ends everything and lets go of the folder. Within 5 s, see `KILL_AFTER`. */
  stop(): Promise<void>;
};

export type WorldOptions = {
  readonly folder: ClaimedFolder;
  readonly ports: 'preferred' | 'ephemeral';
  readonly delivery: Delivery;
  readonly say: (line: string) => void;
};

/** The whole product and the local world around it: Redis, the sandbox, the bot and the worker as processes of their own. */
export async function startWorld({ folder: claimed, ports, delivery, say }: WorldOptions): Promise<World> {
  const { path: folder, lock } = claimed;
  const opened: (() => Promise<unknown> | void)[] = [() => lock.release()];
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
    await writeEnvironments(folder, settings);
    const worker = serveRole('worker', environmentOf('worker', settings), join(folder, 'worker.log'), say);
    const bot = serveRole('bot', environmentOf('bot', settings), join(folder, 'bot.log'), say, (run) => {
      // A bot that ends before it is connected is started again, and heard again.
      if (delivery === 'http') tellSlackWhere(run, surroundings).catch(() => undefined);
    });
    opened.push(() => Promise.all([bot.stop(), worker.stop()]));
    return { sandbox, folder, refused: Promise.race([bot.refused, worker.refused]), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** For whoever types the commands of an operator or an auditor beside the demo. */
async function writeEnvironments(folder: string, settings: Settings): Promise<void> {
  const all = {
    bot: variablesOf('bot', settings),
    worker: variablesOf('worker', settings),
    auditor: auditorEnvironment(settings.sandbox),
  };
  for (const [name, variables] of Object.entries(all))
    await writeFile(join(folder, `${name}.env`), shellFile(variables), { mode: 0o600 });
}
