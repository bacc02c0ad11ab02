import type { Member } from '../world/member.ts';
import { anyAtRisk, at, deadlinesOf, type Fault, type Scene } from './row.ts';

const HOUR = 3_600_000;
const AFTER = 6_000;

/** While windows are open the wall clock of some processes jumps; it is right again once they are closed. */
const jump = (what: string, byMs: number, whose: (scene: Scene) => readonly Member[]): Fault => ({
  strikes: [what],
  open: async (scene) => {
    const deadlines = deadlinesOf(scene);
    const jumping = whose(scene);
    await at((deadlines[0] ?? Date.now()) - scene.random.between(500, 4_000));
    const matters = anyAtRisk(scene);
    const shifted = await Promise.all(jumping.map((member) => member.shiftClock(byMs)));
    if (matters) scene.struck(what, shifted.filter(Boolean).length);
    await at((deadlines.at(-1) ?? Date.now()) + AFTER);
    await Promise.all(jumping.map((member) => member.shiftClock(0)));
  },
});

const oneWorker = ({ world, random }: Scene): Member[] => [random.pick(world.workers)];
const everybody = ({ world }: Scene): Member[] => [world.bot, ...world.workers];

export const clockJumps: readonly Fault[] = [
  jump('clocks of a worker set back while windows were open', -HOUR, oneWorker),
  jump('clocks of a worker set forward while windows were open', HOUR, oneWorker),
  jump('clocks of all processes set back while windows were open', -HOUR, everybody),
  jump('clocks of all processes set forward while windows were open', HOUR, everybody),
];
