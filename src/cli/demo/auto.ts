import { EXIT, type ExitCode, type Io } from '../io.ts';
import { SandboxClient } from '../../sandbox/index.ts';
import { playWindow } from './play-window.ts';
import { Timeline } from './timeline.ts';
import { toldToStop } from './told-to-stop.ts';
import { startWorld } from './world.ts';
import { removeFolder } from './folder.ts';

/** Plays one window from the question to the seal, in a world of its own, and says whether every promise held. */
export async function autoDemo(io: Io, delivery: 'http' | 'socket'): Promise<ExitCode> {
  const world = await startWorld({
    folders: [`auto-${process.pid}`],
    ports: 'ephemeral',
    delivery,
    say: io.err,
  });
  const timeline = new Timeline(io);
  try {
    const stopped = toldToStop().then(() => Promise.reject(new Error('told to stop')));
    const lateness = await Promise.race([
      playWindow(new SandboxClient(world.sandbox.urls.page), timeline),
      stopped,
    ]);
    io.out(`closed ${(lateness / 1000).toFixed(2)} s after the deadline, ${timeline.score}`);
    return timeline.failed === 0 ? EXIT.ok : EXIT.bad;
  } catch (error) {
    timeline.observed('the story', false, error instanceof Error ? error.message : String(error));
    io.out(`stopped in the middle, ${timeline.score}; the logs are in ${world.folder}`);
    return EXIT.bad;
  } finally {
    await world.stop();
    if (timeline.failed === 0) await removeFolder(world.folder);
  }
}
