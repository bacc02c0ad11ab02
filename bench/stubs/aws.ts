import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { scheduleFor, type Schedule } from '../../src/aws/schedule.ts';
import { DEPLOYMENT } from '../../src/cli/demo/folder.ts';
import type { Grant } from '../seed/records.ts';

export type Revoke = {
  /** Epoch milliseconds, when its first byte had arrived. */
  readonly at: number;
  readonly group: string;
  readonly rules: number;
  readonly ok: boolean;
};

type Report = { readonly revokes: readonly Revoke[]; readonly counts: Readonly<Record<string, number>> };

/** EC2 and the scheduler, as cheap as they can be. */
export class AwsStub implements AsyncDisposable {
  readonly url: string;
  readonly #thread: Worker;
  #questions = 0;

  private constructor(thread: Worker, port: number) {
    this.#thread = thread;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(latencyMs: number): Promise<AwsStub> {
    const thread = new Worker(new URL('./aws-thread.mjs', import.meta.url));
    const [{ port }] = (await once(thread, 'message')) as [{ port: number }];
    thread.postMessage({ latencyMs });
    return new AwsStub(thread, port);
  }

  /** The rules of these grants stand with the tags that a worker gives them, and their switches are armed. */
  stand(grants: readonly Grant[]): void {
    const switches = grants.flatMap(({ target, rules, deadline }) =>
      rules.map((rule) => onTheWire(scheduleFor(DEPLOYMENT, target, rule, deadline))),
    );
    const rules = grants.flatMap(({ request, rules, deadline }) =>
      rules.map((rule) => ({
        ...rule,
        tags: {
          'breakglass:deployment': DEPLOYMENT,
          'breakglass:request': request,
          'breakglass:expires-at': String(deadline),
        },
      })),
    );
    this.#thread.postMessage({ rules, switches });
  }

  /** Of revokes; null takes the limit away. */
  throttle(throttle: { readonly bucket: number; readonly refillPerSecond: number } | null): void {
    this.#thread.postMessage({ throttle });
  }

  forget(): void {
    this.#thread.postMessage({ forget: true });
  }

  async report(): Promise<Report> {
    this.#questions += 1;
    this.#thread.postMessage({ report: this.#questions });
    for (;;) {
      const [answer] = (await once(this.#thread, 'message')) as [Report & { report: number }];
      if (answer.report === this.#questions) return answer;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}

/** Instants travel as epoch seconds (EventBridge Scheduler API, restJson1). */
const onTheWire = (schedule: Schedule): object => ({
  ...schedule,
  StartDate: Number(schedule.StartDate) / 1000,
  EndDate: Number(schedule.EndDate) / 1000,
});
