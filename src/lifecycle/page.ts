/** The page about one thing, until somebody has taken it: never two at once, and a rest after one that was not taken. */
export class Page {
  #isTaken = false;
  #failures = 0;
  /** On the monotonic clock: infinity while it is under way, and once it was taken. */
  #dueAt = Number.NEGATIVE_INFINITY;

  /** It has not been sent yet. */
  get isNew(): boolean {
    return this.#dueAt === Number.NEGATIVE_INFINITY;
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** It was sent, and not taken: nobody knows yet. */
  get isRefused(): boolean {
    return !this.#isTaken && this.#failures > 0;
  }

  isDue(now: number): boolean {
    return this.#dueAt <= now;
  }

  begin(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  taken(): void {
    this.begin();
    this.#isTaken = true;
  }

  /** `again`: when it is due then, by how often it was not taken before. */
  notTaken(again: (failures: number) => number): void {
    this.#dueAt = again(this.#failures);
    this.#failures += 1;
  }
}
