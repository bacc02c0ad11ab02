import type { Member } from '../world/member.ts';
import { at, deadlinesOf, type Fault, type Scene } from './row.ts';

const HOUR = 3_600_000;
const AFTER = 6_000;

/** While windows are open the wall clock of some processes jumps; it is right again once they are closed. */
const jump = (byMs: number, whose: (scene: Scene) => readonly Member[]): Fault => ({
  open: async (scene) => {
    const deadlines = deadlinesOf(scene);
    const jumping = whose(scene);
    await at((deadlines[0] ?? Date.now()) - scene.random.between(500, 4_000));
    for (const member of jumping) member.shiftClock(byMs);
    await at((deadlines.at(-1) ?? Date.now()) + AFTER);
    for (const member of jumping) member.shiftClock(0);
  },
});

const oneWorker = ({ world, random }: Scene): Member[] => [random.pick(world.workers)];
const everybody = ({ world }: Scene): Member[] => [world.bot, ...world.workers];

export const clockJumps: readonly Fault[] = [
  jump(-HOUR, oneWorker),
  jump(HOUR, oneWorker),
  jump(-HOUR, everybody),
  jump(HOUR, everybody),
];
