import { resolve } from 'node:path';

import { SandboxClient } from '../../sandbox/index.ts';
import { EXIT, type ExitCode, type Io } from '../io.ts';
import { announcement } from './announce.ts';
import { claimFolder, demoFolders } from './claim.ts';
import type { Delivery } from './environment.ts';
import { isBotConnected } from './outside.ts';
import { pageSomebody } from './page-somebody.ts';
import { stopInTime, toldToStop, unlessTold } from './told-to-stop.ts';
import { startWorld } from './world.ts';

export type DemoOptions = {
  readonly delivery: Delivery;
  /** Where its state is kept; otherwise the first folder below .cache/demo that no other demo uses. */
  readonly folder?: string;
  /** Forget what is in the folder. */
  readonly fresh: boolean;
};

/** Runs the whole product and its local world until it is told to stop. CommandError when the folder is in use. */
export async function demo(io: Io, { delivery, folder, fresh }: DemoOptions): Promise<ExitCode> {
  const told = toldToStop();
  const claimed = await claimFolder(folder === undefined ? demoFolders() : [resolve(folder)], { fresh });
  const starting = startWorld({ folder: claimed, ports: 'preferred', delivery, say: io.err });
  const world = await unlessTold(starting, told);
  const client = new SandboxClient(world.sandbox.urls.page);
  await Promise.race([connected(client, io), told]);
  await pageSomebody(client);
  for (const line of announcement(world.sandbox, world.folder)) io.out(line);
  await told;
  io.out('  Stopping.');
  stopInTime(EXIT.ok);
  await world.stop();
  return EXIT.ok;
}

const CONNECTS_WITHIN = 30_000;

/** Whoever reads that it runs may type at once. */
const connected = (client: SandboxClient, io: Io): Promise<unknown> =>
  client
    .until(isBotConnected, CONNECTS_WITHIN)
    .catch(() => io.err('The bot is not connected to Slack yet; its log says more.'));
