import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/**
 * A server in a thread of its own, which nothing else in this process keeps waiting. Its script says on which port it
 * listens, takes messages, and answers `{ report: number }` with that number and what it has to say.
 */
export class ServerThread<Report> implements AsyncDisposable {
  readonly url: string;
  readonly #thread: Worker;
  #questions = 0;

  private constructor(thread: Worker, port: number) {
    this.#thread = thread;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async begin<Report>(script: URL): Promise<ServerThread<Report>> {
    const thread = new Worker(script);
    const [{ port }] = (await once(thread, 'message')) as [{ port: number }];
    return new ServerThread<Report>(thread, port);
  }

  send(message: object): void {
    this.#thread.postMessage(message);
  }

  async report(): Promise<Report> {
    this.#questions += 1;
    this.send({ report: this.#questions });
    for (;;) {
      const [answer] = (await once(this.#thread, 'message')) as [Report & { readonly report: number }];
      if (answer.report === this.#questions) return answer;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}
