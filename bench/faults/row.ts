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
  /** When the approvals began, in epoch milliseconds. */
  readonly since: number;
  /** Something has failed as it was meant to, once or so often; `what` is one of the fault's `strikes`. */
  readonly struck: (what: string, times?: number) => void;
};

/** One way to make things fail, played once for each wave of windows. It leaves everything as it found it. */
export type Fault = {
  /** What it must have done while windows depended on it, in words: a fault that never struck has shown nothing. */
  readonly strikes: readonly string[];
  /** Instead of the row's. */
  readonly seconds?: Lengths;
  /** Begins with the approvals and goes on beside the opening. */
  readonly opening?: (scene: Scene) => Promise<void>;
  /** Begins once what can open is open; is over before the wave is waited for. */
  readonly open?: (scene: Scene) => Promise<void>;
};

/** Shortest and longest window, in seconds, when so many are asked for at once: all of them are to be open at once. */
export type Lengths = (count: number) => readonly [number, number];

export type Row = {
  readonly name: string;
  readonly workers: number;
  /** What the latest window may be late, in milliseconds. */
  readonly goalMs: number;
  readonly seconds: Lengths;
  /** The part of the windows that must have been open until they were due; a fraction of a window is not asked for. */
  readonly opensAtLeast: number;
  /** A clock that jumps forward ends windows early, and rightly so. */
  readonly mayEndEarly: boolean;
  /** Windows that are open at once, at most. */
  readonly atOnce: number;
  /** Played in turn, a wave each. */
  readonly faults: readonly Fault[];
};

/** Until an instant, in epoch milliseconds. */
export const at = (instant: number): Promise<void> => pause(Math.max(0, instant - Date.now()));

/** Deadlines of windows that have one, in epoch milliseconds, earliest first. */
export const deadlinesOf = ({ windows }: Pick<Scene, 'windows'>): number[] =>
  windows
    .map(({ deadline }) => deadline)
    .filter((deadline) => deadline !== undefined)
    .toSorted((a, b) => a - b);

/** Whether a window that was open is due between two instants, in epoch milliseconds. */
export const anyDue = ({ windows }: Pick<Scene, 'windows'>, from: number, to = Date.now()): boolean =>
  windows.some(({ followed, deadline = 0 }) => followed && deadline >= from && deadline <= to);

/** Whether a window is open that is due later than now, or is still being opened. */
export const anyAtRisk = ({ windows }: Pick<Scene, 'windows'>): boolean =>
  windows.some(({ deadline = Number.POSITIVE_INFINITY }) => deadline > Date.now());
