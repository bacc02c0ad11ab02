import { EXIT, type ExitCode, type Io } from '../io.ts';
import { toldToStop } from './told-to-stop.ts';
import { startWorld } from './world.ts';

/** The first one continues where it was; others at the same time have worlds of their own. */
const FOLDERS = Array.from({ length: 20 }, (_, position) => String(position + 1));

/** Runs the whole product and its local world until it is told to stop. */
export async function demo(io: Io, delivery: 'http' | 'socket'): Promise<ExitCode> {
  const told = toldToStop();
  const world = await startWorld({ folders: FOLDERS, ports: 'preferred', delivery, say: io.err });
  io.out('');
  io.out(`  Breakglass is running:  ${world.sandbox.urls.page}`);
  io.out('');
  for (const { name, address, port } of world.sandbox.edge) {
    io.out(`  127.0.0.1:${port}  is the guarded port as ${address} sees it (${name})`);
  }
  io.out('');
  io.out(`  logs and state: ${world.folder}`);
  io.out('  Ctrl-C stops everything; the next start continues where this one ended.');
  await told;
  io.out('stopping');
  await world.stop();
  return EXIT.ok;
}
