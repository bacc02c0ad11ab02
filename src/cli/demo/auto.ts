import { EXIT, type ExitCode, type Io } from '../io.ts';
import { claimFolder, demoFolders } from './claim.ts';
import type { Delivery } from './environment.ts';
import { Onlooker } from './onlooker.ts';
import type { Outside } from './outside.ts';
import { playWindow } from './play-window.ts';
import { Timeline } from './timeline.ts';
import { stopInTime, toldToStop, unlessTold } from './told-to-stop.ts';
import { startWorld } from './world.ts';

/** Plays one window from the question to the seal, in a world of its own, and says whether every promise held. */
export async function autoDemo(io: Io, delivery: Delivery): Promise<ExitCode> {
  const told = toldToStop();
  const folder = await claimFolder(demoFolders('auto-'), { fresh: true });
  const starting = startWorld({ folder, ports: 'ephemeral', delivery, say: io.err });
  const world = await unlessTold(starting, told);
  const judging = judgeWindow(new Onlooker(world.sandbox.urls.page), io);
  const exit = await Promise.race([
    judging,
    told.then(() => EXIT.unknown),
    world.refused.then(() => EXIT.usage),
  ]);
  if (exit !== EXIT.ok) io.out(`the logs are in ${world.folder}`);
  stopInTime(exit);
  await world.stop();
  return exit;
}

/** Plays the window and prints it. `bad` as soon as one observation did not hold, or the story could not go on. */
export async function judgeWindow(outside: Outside, io: Io): Promise<ExitCode> {
  const timeline = new Timeline(io);
  try {
    const latenessMs = await playWindow(outside, timeline);
    io.out(`closed ${(latenessMs / 1000).toFixed(2)} s after the deadline, ${timeline.score}`);
  } catch (error) {
    timeline.observed('to its end', false, error instanceof Error ? error.message : String(error));
    io.out(`stopped in the middle, ${timeline.score}`);
  }
  return timeline.failed === 0 ? EXIT.ok : EXIT.bad;
}
