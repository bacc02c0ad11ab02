export type Moment = 'before' | 'after';

type Fault = { readonly method: string; readonly when: Moment; readonly error: Error; left: number };
type Watcher = (method: string, when: Moment) => void | Promise<void>;

/** What can go wrong around the calls of a fake: `before` = nothing was done, `after` = done, but the answer is an error. */
export class CallFaults<Method extends string> {
  /** Every call that was made, in order, failed ones included. */
  readonly calls: Method[] = [];
  /** How many calls have been made to fail. */
  strikes = 0;
  readonly #faults: Fault[] = [];
  readonly #watchers = new Set<Watcher>();

  /** The next `times` calls of `method` fail with `error`. */
  fail(method: Method, when: Moment, error: Error, times = 1): void {
    this.#faults.push({ method, when, error, left: times });
  }

  /** Drops every fault that has not struck yet. */
  heal(): void {
    this.#faults.length = 0;
  }

  /** Called before and after each call: may throw (a crash there) or wait (a freeze there). Answers the way to stop. */
  watch(watcher: (method: Method, when: Moment) => void | Promise<void>): () => void {
    this.#watchers.add(watcher as Watcher);
    return () => this.#watchers.delete(watcher as Watcher);
  }

  async around<T>(method: Method, run: () => T): Promise<Awaited<T>> {
    this.calls.push(method);
    await this.#strike(method, 'before');
    const answer = await run();
    await this.#strike(method, 'after');
    return answer;
  }

  async #strike(method: Method, when: Moment): Promise<void> {
    for (const watcher of this.#watchers) await watcher(method, when);
    const fault = this.#faults.find((one) => one.method === method && one.when === when && one.left > 0);
    if (fault === undefined) return;
    fault.left -= 1;
    this.strikes += 1;
    throw fault.error;
  }
}
