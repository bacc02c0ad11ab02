import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export type Arrived = {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly rules: readonly string[];
};

/** What leads to EC2, looked at from outside: when a revoke had reached it, whatever else the local AWS has to do then. */
export class Wire implements AsyncDisposable {
  readonly url: string;
  readonly #thread: Worker;
  #questions = 0;

  private constructor(thread: Worker, port: number) {
    this.#thread = thread;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async begin(): Promise<Wire> {
    const thread = new Worker(new URL('./wire-thread.mjs', import.meta.url));
    const [{ port }] = (await once(thread, 'message')) as [{ port: number }];
    return new Wire(thread, port);
  }

  /** Whatever comes from now on goes there. */
  leadTo(url: string): void {
    this.#thread.postMessage({ to: Number(new URL(url).port) });
  }

  /** Every revoke so far, in the order of their arrival. */
  async revokes(): Promise<readonly Arrived[]> {
    this.#questions += 1;
    this.#thread.postMessage({ report: this.#questions });
    for (;;) {
      const [answer] = (await once(this.#thread, 'message')) as [{ report: number; revokes: Arrived[] }];
      if (answer.report === this.#questions) return answer.revokes;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}
