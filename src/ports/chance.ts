/** Randomness for jitter, and nothing else. */
export interface Chance {
  /** At least 0, below 1. */
  fraction(): number;
}
