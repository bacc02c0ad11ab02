import { scheduleFor, type Schedule } from '../../src/aws/schedule.ts';
import { DEPLOYMENT } from '../../src/cli/demo/folder.ts';
import { ServerThread } from '../lib/server-thread.ts';
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
  readonly #thread: ServerThread<Report>;

  private constructor(thread: ServerThread<Report>) {
    this.#thread = thread;
  }

  static async start(latencyMs: number): Promise<AwsStub> {
    const thread = await ServerThread.begin<Report>(new URL('./aws-thread.mjs', import.meta.url));
    thread.send({ latencyMs });
    return new AwsStub(thread);
  }

  get url(): string {
    return this.#thread.url;
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
    this.#thread.send({ rules, switches });
  }

  /** Of revokes; null takes the limit away. */
  throttle(throttle: { readonly bucket: number; readonly refillPerSecond: number } | null): void {
    this.#thread.send({ throttle });
  }

  forget(): void {
    this.#thread.send({ forget: true });
  }

  report(): Promise<Report> {
    return this.#thread.report();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread[Symbol.asyncDispose]();
  }
}

/** Instants travel as epoch seconds (EventBridge Scheduler API, restJson1). */
const onTheWire = (schedule: Schedule): object => ({
  ...schedule,
  StartDate: Number(schedule.StartDate) / 1000,
  EndDate: Number(schedule.EndDate) / 1000,
});
