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

/**
 * Runs the whole product and its local world until it is told to stop, or a role does not start with its settings.
 * CommandError when the folder is in use.
 */
export async function demo(io: Io, { delivery, folder, fresh }: DemoOptions): Promise<ExitCode> {
  const told = toldToStop();
  const claimed = await claimFolder(folder === undefined ? demoFolders() : [resolve(folder)], { fresh });
  const starting = startWorld({ folder: claimed, ports: 'preferred', delivery, say: io.err });
  const world = await unlessTold(starting, told);
  const over = Promise.race([told.then(() => EXIT.ok), world.refused.then(() => EXIT.usage)]);
  const client = new SandboxClient(world.sandbox.urls.page);
  const first = await Promise.race([connected(client), over]);
  if (typeof first === 'boolean') {
    if (!first) io.err('The bot is not connected to Slack yet; its log says more.');
    await pageSomebody(client);
    for (const line of announcement(world.sandbox, world.folder)) io.out(line);
  }
  const exit = await over;
  io.out('  Stopping.');
  stopInTime(exit);
  await world.stop();
  return exit;
}

const CONNECTS_WITHIN = 30_000;

/** Whoever reads that it runs may type at once. */
const connected = (client: SandboxClient): Promise<boolean> =>
  client.until(isBotConnected, CONNECTS_WITHIN).then(
    () => true,
    () => false,
  );
