import type { EventData, EventOf, ReceivedEvent } from './client-types.ts';

/** What was waited for did not happen in time. */
export class SandboxTimeoutError extends Error {
  override readonly name = 'SandboxTimeoutError';
}

/** A whole type guard, or a plain condition. */
export type Condition<Event extends ReceivedEvent> =
  ((event: ReceivedEvent) => event is Event) | ((event: ReceivedEvent) => boolean);

/** Accepts events of one type, and of those only the ones that `matches`. */
export function on<Type extends keyof EventData>(
  type: Type,
  matches: (data: EventData[Type]) => boolean = () => true,
): (event: ReceivedEvent) => event is Extract<ReceivedEvent, EventOf<Type>> {
  return (event): event is Extract<ReceivedEvent, EventOf<Type>> =>
    event.type === type && matches(event.data as EventData[Type]);
}

/**
 * A running look at the event stream. It begins with `hello`, and from then on nothing is missed: start it, act,
 * then wait for what the act brings about.
 */
export class Watch implements AsyncDisposable {
  /** Everything since the watch began, `hello` first. */
  readonly seen: ReceivedEvent[] = [];
  readonly #abort: AbortController;
  readonly #wakers = new Set<() => void>();
  readonly #done: Promise<void>;
  #ended = false;

  private constructor(events: AsyncIterable<ReceivedEvent>, abort: AbortController) {
    this.#abort = abort;
    this.#done = this.#follow(events);
  }

  /** Resolves once `hello` is there. `abort` has to end `events`. */
  static async begin(events: AsyncIterable<ReceivedEvent>, abort: AbortController): Promise<Watch> {
    const watch = new Watch(events, abort);
    await watch.until(on('hello'));
    return watch;
  }

  /** The first event, past or future, that is accepted. Throws SandboxTimeoutError. */
  async until<Event extends ReceivedEvent>(accepts: Condition<Event>, timeoutMs = 5000): Promise<Event> {
    const giveUpAt = performance.now() + timeoutMs;
    for (let next = 0; ;) {
      for (; next < this.seen.length; next += 1) {
        const event = this.seen[next];
        if (event !== undefined && accepts(event)) return event as Event;
      }
      const left = giveUpAt - performance.now();
      if (this.#ended) throw new SandboxTimeoutError('the event stream ended before that happened');
      if (left <= 0) throw new SandboxTimeoutError(`that did not happen within ${timeoutMs} ms`);
      await this.#somethingNew(left);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async #follow(events: AsyncIterable<ReceivedEvent>): Promise<void> {
    try {
      for await (const event of events) {
        this.seen.push(event);
        this.#wake();
      }
    } catch {
      // The sandbox went away; whoever waits is told below.
    } finally {
      this.#ended = true;
      this.#wake();
    }
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
  }

  #somethingNew(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.#wakers.add(wake);
    });
  }
}
