import type { Faults } from './faults.ts';
import type { Emit } from './part.ts';

/** Wall clock of the local world, epoch milliseconds. */
export interface Clock {
  now(): number;
}

/** What every part of the local world is started with. */
export interface PartOptions {
  /** Root folder of everything the sandbox keeps; each part uses its own names below it. */
  readonly stateDir: string;
  readonly emit: Emit;
  readonly faults: Faults;
  /** The system's clock when absent. */
  readonly clock?: Clock;
  /** `preferred`: the documented port, then the next free one. `ephemeral`: any free one, for tests. */
  readonly ports: 'preferred' | 'ephemeral';
}
