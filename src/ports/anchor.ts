import type { EpochMs } from '../domain/time.ts';
import type { Head } from '../log/types.ts';

/** A place out of the operators' control, where checkpoints of the log are kept: they bind everything before them. */
export interface Anchor {
  /** The newest that is known to be there; null when none is, or nobody can say. Throws when the other side is away. */
  newest(): Promise<Kept | null>;
  /** Hands over the signed note of this head. Throws when it was not taken; it may be there all the same. */
  keep(head: Head): Promise<void>;
}

/** `size`: records that the checkpoint covers. */
export type Kept = { readonly size: number; readonly at: EpochMs };
