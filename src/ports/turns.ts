/** Lets one process at a time do what is harmless but unseemly twice, such as telling people something. A courtesy, not a lock. */
export interface Turns {
  /** Runs it when it is our turn, and says whether it was. When nobody can say whose turn it is, it is ours. */
  inTurn(name: string, run: () => Promise<void>): Promise<boolean>;
}
