import { ControlError } from '../../part.ts';
import { newId } from '../identifiers.ts';
import type { Delivery, DeliveryKind, JsonObject } from '../model.ts';
import type { Workspace } from '../workspace.ts';
import { deliverOverHttp } from './http.ts';
import type { Answer, Outgoing } from './outgoing.ts';
import type { SocketModeServer } from './socket-mode.ts';

/** Past deliveries that can still be looked at and sent again. */
const KEPT_DELIVERIES = 500;

export type DeliveryMode = 'auto' | 'http' | 'socket';

export interface DispatcherOptions {
  workspace: Workspace;
  sockets: SocketModeServer;
  signingSecret: string;
  requestUrl: string | undefined;
  mode: DeliveryMode;
  ackTimeoutMs: number;
  /** Pauses before the retries of an event: Slack's are at once, one minute and five minutes. */
  retryDelaysMs: readonly number[];
  isDown: () => boolean;
}

/** Brings payloads to the app over whichever way is configured, keeps what was sent, and repeats events. */
export class Dispatcher {
  requestUrl: string | undefined;
  mode: DeliveryMode;
  readonly #options: DispatcherOptions;
  readonly #retries = new Set<NodeJS.Timeout>();
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.requestUrl = options.requestUrl;
    this.mode = options.mode;
  }

  /** How the next payload would travel. */
  get route(): 'http' | 'socket' | 'none' {
    const { sockets } = this.#options;
    if (this.mode !== 'http' && sockets.connected > 0) return 'socket';
    if (this.mode !== 'socket' && this.requestUrl !== undefined) return 'http';
    return 'none';
  }

  /** Commands and interactions: one attempt, whose answer decides what the person sees. */
  deliver(kind: DeliveryKind, type: string, payload: JsonObject): Promise<Answer> {
    return this.#attempt(this.#keep(kind, type, payload), {});
  }

  /** Events: nobody waits for them, and what was not acknowledged is repeated. */
  deliverEvent(type: string, payload: JsonObject): void {
    this.#try(this.#keep('event', type, payload), 0, undefined);
  }

  /**
   * Sends a past delivery once more as Slack's retry does, with a fresh signature or a forged one.
   * Throws ControlError for an unknown id.
   */
  redeliver(id: string, forge: NonNullable<Outgoing['forge']>): Promise<Answer> {
    const delivery = this.#options.workspace.state.deliveries.find((candidate) => candidate.id === id);
    if (delivery === undefined) throw new ControlError(`there is no delivery ${id}`);
    return this.#attempt(delivery, {
      retry: { num: delivery.attempts.length, reason: 'http_timeout' },
      forge,
    });
  }

  /** Stops the retries and waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.forget();
    await Promise.all(this.#running);
  }

  /** Drops the retries that are still to come. */
  forget(): void {
    for (const timer of this.#retries) clearTimeout(timer);
    this.#retries.clear();
  }

  #try(delivery: Delivery, retryNum: number, reason: string | undefined): void {
    const extra = reason === undefined ? {} : { retry: { num: retryNum, reason } };
    const run = this.#attempt(delivery, extra).then((answer) => {
      const pause = this.#options.retryDelaysMs[retryNum];
      if (answer.outcome === 'ok' || answer.noRetry === true || pause === undefined || this.#closed) return;
      const why = answer.outcome === 'not_connected' ? 'connection_failed' : answer.outcome;
      const timer = setTimeout(() => {
        this.#retries.delete(timer);
        this.#try(delivery, retryNum + 1, why);
      }, pause);
      this.#retries.add(timer);
    });
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }

  async #attempt(delivery: Delivery, extra: Pick<Outgoing, 'retry' | 'forge'>): Promise<Answer> {
    const { workspace } = this.#options;
    const mode = this.#options.isDown() ? 'none' : this.route;
    const at = workspace.now();
    const answer = await this.#send(mode, { kind: delivery.kind, payload: delivery.payload, ...extra });
    delivery.attempts.push({
      at,
      mode,
      outcome: answer.outcome,
      ...(answer.status !== undefined && { status: answer.status }),
      ...(extra.retry && { retryNum: extra.retry.num, retryReason: extra.retry.reason }),
    });
    workspace.changed();
    workspace.emit({ type: 'slack.delivery', data: delivery });
    return answer;
  }

  #send(mode: 'http' | 'socket' | 'none', outgoing: Outgoing): Promise<Answer> {
    const { sockets, signingSecret, ackTimeoutMs, workspace } = this.#options;
    if (mode === 'socket') return sockets.deliver(outgoing, ackTimeoutMs);
    if (mode === 'none' || this.requestUrl === undefined)
      return Promise.resolve({ outcome: 'not_connected' });
    return deliverOverHttp(outgoing, {
      requestUrl: this.requestUrl,
      signingSecret,
      timeoutMs: ackTimeoutMs,
      now: workspace.now(),
    });
  }

  #keep(kind: DeliveryKind, type: string, payload: JsonObject): Delivery {
    // A copy: sent again, it says what it said, whatever has happened to the message or the view since.
    const copy = structuredClone(payload);
    const delivery: Delivery = { id: newId('Dl'), kind, type, payload: copy, attempts: [] };
    const { deliveries } = this.#options.workspace.state;
    deliveries.push(delivery);
    if (deliveries.length > KEPT_DELIVERIES) deliveries.splice(0, deliveries.length - KEPT_DELIVERIES);
    return delivery;
  }
}
