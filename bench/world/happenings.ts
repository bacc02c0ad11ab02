import type { Message, ReceivedEvent, SandboxClient, View } from '../../src/sandbox/client.ts';

/** One state of one message of the product's, as everybody could read it from `at` on. */
export type Said = {
  /** Epoch milliseconds, by the workspace's own timestamps. */
  readonly at: number;
  readonly channel: string;
  readonly ts: string;
  readonly request: string;
  /** What the message is: `card`, `open`, `closed`, … */
  readonly key: string;
  readonly message: Message;
};

type Waiting = { readonly accepts: (event: ReceivedEvent) => boolean; readonly tell: () => void };

/** Everything that the local world told since it was begun, from one event stream. */
export class Happenings implements AsyncDisposable {
  readonly said: Said[] = [];
  readonly #ofRequest = new Map<string, Said[]>();
  /** Rule id -> the request that its tag names. */
  readonly ruleOf = new Map<string, string>();
  /** Whether what people type reaches the bot. */
  connected = false;
  readonly #abort = new AbortController();
  readonly #waiting = new Set<Waiting>();
  readonly #following: Promise<void>;
  readonly #seen = new Set<string>();

  constructor(client: SandboxClient) {
    this.#following = this.#follow(client);
    this.#following.catch(() => undefined);
  }

  of(request: string): readonly Said[] {
    return this.#ofRequest.get(request) ?? [];
  }

  /** The next form that opens for this person, or changes; begin to wait before doing what brings it. */
  async form(user: string, withinMs: number): Promise<View> {
    let found: View | undefined;
    await this.#next(
      (event) => {
        if (event.type !== 'slack.view' || event.data.user !== user || !hasInputs(event.data.view))
          return false;
        found = event.data.view;
        return true;
      },
      withinMs,
      `no form opened for ${user}`,
    );
    if (found === undefined) throw new Error('a form was found and lost');
    return found;
  }

  /** The first state of a message that this accepts, said already or still to come. */
  async message(accepts: (said: Said) => boolean, withinMs: number, what: string): Promise<Said> {
    const already = this.said.find(accepts);
    if (already !== undefined) return already;
    let found: Said | undefined;
    await this.#next(
      () => {
        const last = this.said.at(-1);
        if (last === undefined || !accepts(last)) return false;
        found = last;
        return true;
      },
      withinMs,
      what,
    );
    if (found === undefined) throw new Error('a message was found and lost');
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#following.catch(() => undefined);
  }

  #next(accepts: Waiting['accepts'], withinMs: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { accepts, tell: () => done(resolve) };
      const timer = setTimeout(() => done(() => reject(new Error(what))), withinMs);
      const done = (then: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
        then();
      };
      this.#waiting.add(waiting);
    });
  }

  async #follow(client: SandboxClient): Promise<void> {
    for await (const event of client.events(this.#abort.signal)) {
      this.#note(event);
      for (const waiting of this.#waiting) if (waiting.accepts(event)) waiting.tell();
    }
  }

  #note(event: ReceivedEvent): void {
    if (event.type === 'hello') this.connected = event.data.slack.bot.connected;
    if (event.type === 'slack.bot') this.connected = event.data.connected;
    if (event.type === 'aws.rules') {
      for (const { id, tags } of event.data.rules) {
        const request = tags['breakglass:request'];
        if (request !== undefined) this.ruleOf.set(id, request);
      }
    }
    if (event.type !== 'slack.message' && event.type !== 'slack.changed') return;
    const { channel, message } = event.data;
    const { request, key } = message.metadata?.event_payload ?? {};
    if (typeof request !== 'string' || typeof key !== 'string') return;
    const at = message.edited?.ts ?? message.ts;
    // A parent is announced again for each reply; it says what it said.
    const state = `${channel} ${message.ts} ${at}`;
    if (this.#seen.has(state)) return;
    this.#seen.add(state);
    const said = { at: Number(at) * 1000, channel, ts: message.ts, request, key, message };
    this.said.push(said);
    const before = this.#ofRequest.get(request);
    if (before === undefined) this.#ofRequest.set(request, [said]);
    else before.push(said);
  }
}

const hasInputs = (view: View): boolean =>
  view.type === 'modal' && view.blocks.some((block) => block.type === 'input');
