import { setTimeout as pause } from 'node:timers/promises';
import { anyDue, at, deadlinesOf, type Fault } from './row.ts';

/** A killed worker is started again this much later. */
const RESTARTED_AFTER = 1_500;
/** The only one, when it is killed, is away for as long as it takes somebody else to notice. */
const ALONE_RESTARTED_AFTER = 5_000;
/** A worker that is back closes what is overdue before it is killed again. */
const CATCHES_UP = 3_000;

const KILLED = 'workers killed with windows due before they were back';

/** One worker after the other is killed shortly before deadlines, and started again: of two, one is always alive. */
export const killedInTurn: Fault = {
  strikes: [KILLED],
  open: async (scene) => {
    const { workers } = scene.world;
    const deadlines = deadlinesOf(scene);
    let due = deadlines[0];
    for (let turn = 0; due !== undefined; turn += 1) {
      const worker = workers[turn % workers.length];
      await at(due - scene.random.between(0, 400));
      const from = Date.now();
      await worker?.kill();
      await pause(RESTARTED_AFTER);
      await worker?.start();
      if (anyDue(scene, from)) scene.struck(KILLED);
      due = deadlines.find((deadline) => deadline > Date.now() + 500);
    }
  },
};

/** The only worker is killed just before deadlines, and comes back five seconds later. */
export const killedAlone: Fault = {
  strikes: [KILLED],
  open: async (scene) => {
    const [worker] = scene.world.workers;
    const deadlines = deadlinesOf(scene);
    let due = deadlines[0];
    while (due !== undefined) {
      await at(due - scene.random.between(0, 400));
      const from = Date.now();
      await worker?.kill();
      await pause(ALONE_RESTARTED_AFTER);
      await worker?.start();
      if (anyDue(scene, from)) scene.struck(KILLED);
      due = deadlines.find((deadline) => deadline > Date.now() + CATCHES_UP);
    }
  },
};
