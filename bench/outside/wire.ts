import { ServerThread } from '../lib/server-thread.ts';

export type Arrived = {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly rules: readonly string[];
};

type Report = { readonly revokes: readonly Arrived[] };

/** What leads to EC2, looked at from outside: when a revoke had reached it, whatever else the local AWS has to do then. */
export class Wire implements AsyncDisposable {
  readonly #thread: ServerThread<Report>;

  private constructor(thread: ServerThread<Report>) {
    this.#thread = thread;
  }

  static async begin(): Promise<Wire> {
    return new Wire(await ServerThread.begin(new URL('./wire-thread.mjs', import.meta.url)));
  }

  get url(): string {
    return this.#thread.url;
  }

  /** Whatever comes from now on goes there. */
  leadTo(url: string): void {
    this.#thread.send({ to: Number(new URL(url).port) });
  }

  /** Every revoke so far, in the order of their arrival. */
  async revokes(): Promise<readonly Arrived[]> {
    return (await this.#thread.report()).revokes;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread[Symbol.asyncDispose]();
  }
}
