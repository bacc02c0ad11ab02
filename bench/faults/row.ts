import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../lib/random.ts';
import type { World } from '../world/world.ts';
import type { Window } from './window.ts';

/** What a fault finds when it begins: everything is open, or is being opened. */
export type Scene = {
  readonly world: World;
  readonly random: Random;
  /** From 0. */
  readonly wave: number;
  readonly windows: readonly Window[];
};

/** One way to make things fail, played once for each wave of windows. It leaves everything as it found it. */
export type Fault = {
  /** Begins with the approvals and goes on beside the opening. */
  readonly opening?: (scene: Scene) => Promise<void>;
  /** Begins once what can open is open; is over before the wave is waited for. */
  readonly open?: (scene: Scene) => Promise<void>;
};

export type Row = {
  readonly name: string;
  readonly workers: number;
  /** What the latest window may be late, in milliseconds. */
  readonly goalMs: number;
  /** Shortest and longest window, in seconds, when so many are asked for at once: all of them are to be open at once. */
  readonly seconds: (count: number) => readonly [number, number];
  /** Windows that are open at once, at most. */
  readonly atOnce: number;
  /** Played in turn, a wave each. */
  readonly faults: readonly Fault[];
};

/** Until an instant, in epoch milliseconds. */
export const at = (instant: number): Promise<void> => pause(Math.max(0, instant - Date.now()));

/** Deadlines of windows that have one, in epoch milliseconds, earliest first. */
export const deadlinesOf = ({ windows }: Scene): number[] =>
  windows
    .map(({ deadline }) => deadline)
    .filter((deadline) => deadline !== undefined)
    .toSorted((a, b) => a - b);
