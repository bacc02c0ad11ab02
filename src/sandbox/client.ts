import { parseEvents } from './client-events.ts';
import { type Condition, Watch } from './client-watch.ts';
import type {
  RecordedCall,
  Delivery,
  FaultSnapshot,
  GestureResult,
  IncidentState,
  Message,
  Option,
  PageHookCall,
  Person,
  ProbeResult,
  ReceivedEvent,
  RedeliverResult,
  SandboxSnapshot,
  StoredObject,
  UserGroup,
} from './client-types.ts';
import type { FaultName, FaultSettings } from './faults.ts';

export type * from './client-types.ts';
export { type Condition, on, SandboxTimeoutError, Watch } from './client-watch.ts';

/** The control interface said no. `status` is its HTTP status, the message is its own text. */
export class SandboxClientError extends Error {
  override readonly name = 'SandboxClientError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** New settings of the named faults; `null` turns one off. */
export type FaultChanges = { [Name in FaultName]?: FaultSettings[Name] | null };

/** Where a click lands: on a message, or in an open modal. */
export type ClickTarget = { channel: string; ts: string } | { view_id: string };

export interface Click {
  user: string;
  action_id: string;
  block_id?: string;
  value?: string;
  /** Option values, for selects, radio buttons and check boxes. */
  selected?: string | readonly string[];
  /** What is typed in the modal's other fields at that moment. */
  values?: FieldValues;
  /** Sends the click even if the element is not, or no longer, there: a hostile or stale client. */
  bypassClient?: boolean;
  /** Also for deactivated people and bots. */
  force?: boolean;
}

export type FieldValues = Record<string, Record<string, string | readonly string[] | null>>;

/**
 * Typed access to the control interface and the event stream of a running sandbox.
 * Everything it does, a person could do on the page; it knows no other way in.
 */
export class SandboxClient {
  readonly #base: string;

  /** `baseUrl` is the address of the page, e.g. `http://127.0.0.1:4400`. */
  constructor(baseUrl: string) {
    this.#base = baseUrl.replace(/\/$/, '');
  }

  state(): Promise<SandboxSnapshot> {
    return this.#call('GET', 'state');
  }

  reset(): Promise<unknown> {
    return this.#call('POST', 'reset', {});
  }

  /** Replaces the named faults; `null` clears one. Answers all that are set. */
  faults(set: FaultChanges): Promise<FaultSnapshot> {
    return this.#call('POST', 'faults', { set });
  }

  /** Runs the verifier that was handed to the sandbox at its start. */
  verify<Report = unknown>(): Promise<Report> {
    return this.#call('POST', 'verify', {});
  }

  /** Alters a copy of the log's bucket, and runs the verifier on that. */
  tamper(name: string): Promise<{ text: string; report: unknown }> {
    return this.#call('POST', 'tamper', { name });
  }

  async tamperings(): Promise<{ name: string; text: string }[]> {
    const { tamperings } = await this.#call<{ tamperings: { name: string; text: string }[] }>(
      'POST',
      'aws/tamperings',
      {},
    );
    return tamperings;
  }

  async pageHooks(): Promise<PageHookCall[]> {
    return (await this.#call<{ hooks: PageHookCall[] }>('GET', 'page-hooks')).hooks;
  }

  /** Types a slash command; `force` also for deactivated people and bots. */
  command(
    user: string,
    channel: string,
    text: string,
    options: { force?: boolean } = {},
  ): Promise<GestureResult> {
    return this.#slack('command', { user, channel, text, ...options });
  }

  click(target: ClickTarget, click: Click): Promise<GestureResult> {
    return this.#slack('action', { ...target, ...click });
  }

  /** Presses a modal's submit button; `bypassClient` skips the checks that Slack's own client makes. */
  submit(
    user: string,
    view_id: string,
    values: FieldValues,
    options: { bypassClient?: boolean; force?: boolean } = {},
  ): Promise<GestureResult> {
    return this.#slack('submit', { user, view_id, values, ...options });
  }

  /** Dismisses the modal on top, or with `clear` all of them. */
  closeView(user: string, view_id: string, options: { clear?: boolean } = {}): Promise<GestureResult> {
    return this.#slack('close', { user, view_id, ...options });
  }

  say(user: string, channel: string, text: string, thread_ts?: string): Promise<{ ok: boolean; ts: string }> {
    return this.#slack('message', { user, channel, text, ...(thread_ts !== undefined && { thread_ts }) });
  }

  /** Changes a message of theirs. */
  editMessage(user: string, channel: string, ts: string, text: string): Promise<{ ok: boolean }> {
    return this.#slack('edit-message', { user, channel, ts, text });
  }

  /** Removes a message of theirs, or as an `admin` anybody's. */
  deleteMessage(
    user: string,
    channel: string,
    ts: string,
    options: { admin?: boolean } = {},
  ): Promise<{ ok: boolean }> {
    return this.#slack('delete-message', { user, channel, ts, ...options });
  }

  async options(user: string, action_id: string, value: string, view_id?: string): Promise<Option[]> {
    const body = { user, action_id, value, ...(view_id !== undefined && { view_id }) };
    return (await this.#slack<{ options: Option[] }>('options', body)).options;
  }

  /** Opens the app's home tab, as a person does. */
  openHome(user: string): Promise<{ ok: boolean }> {
    return this.#slack('home', { user });
  }

  /** Changes a person (Slack's field names), or adds one when `name` is given with a new id. */
  person(change: { id: string; [field: string]: unknown }): Promise<Person> {
    return this.#slack('person', change);
  }

  group(id: string, users: readonly string[]): Promise<UserGroup> {
    return this.#slack('group', { id, users });
  }

  channel(change: {
    id: string;
    botIsMember?: boolean;
    members?: readonly string[];
    name?: string;
    isPrivate?: boolean;
  }): Promise<unknown> {
    return this.#slack('channel', change);
  }

  /** What `as` sees: ephemerals addressed to them included, oldest first. */
  async history(channel: string, as: string, thread_ts?: string): Promise<Message[]> {
    const body = { channel, as, ...(thread_ts !== undefined && { thread_ts }) };
    return (await this.#slack<{ messages: Message[] }>('history', body)).messages;
  }

  async deliveries(): Promise<Delivery[]> {
    return (await this.#slack<{ deliveries: Delivery[] }>('deliveries', {})).deliveries;
  }

  /** Sends a past delivery again; `signature: 'bad'` or `ageSeconds` forge it. */
  redeliver(
    delivery: string,
    options: { signature?: 'bad' | 'missing'; ageSeconds?: number } = {},
  ): Promise<RedeliverResult> {
    return this.#slack('redeliver', { delivery, ...options });
  }

  /** Where and how payloads reach the app: `auto` prefers an open socket. */
  delivery(change: { mode?: 'auto' | 'http' | 'socket'; requestUrl?: string | null }): Promise<unknown> {
    return this.#slack('delivery', change);
  }

  /** Tells every socket to reconnect, or with `abrupt` cuts them off. */
  disconnect(options: { reason?: string; abrupt?: boolean } = {}): Promise<{ connections: number }> {
    return this.#slack('disconnect', options);
  }

  incident(change: {
    id: string;
    status?: string;
    title?: string;
    created_at?: string;
  }): Promise<IncidentState> {
    return this.#call('POST', 'incidents/set', change);
  }

  async awsCalls(since?: string | number): Promise<RecordedCall[]> {
    const body = since === undefined ? {} : { since };
    return (await this.#call<{ calls: RecordedCall[] }>('POST', 'aws/calls', body)).calls;
  }

  awsObject(bucket: string, key: string): Promise<StoredObject> {
    return this.#call('POST', 'aws/object', { bucket, key });
  }

  probe(vantage: string): Promise<ProbeResult> {
    return this.#call('POST', 'edge/probe', { vantage });
  }

  /** Any other control, by its path below `/_sandbox/`. */
  control<Answer = unknown>(path: string, body: Record<string, unknown> = {}): Promise<Answer> {
    return this.#call('POST', path, body);
  }

  /** The event stream, from a `hello` with the whole state on; ends when `signal` is aborted or the sandbox goes away. */
  async *events(signal?: AbortSignal): AsyncGenerator<ReceivedEvent, void, undefined> {
    const response = await fetch(`${this.#base}/_sandbox/events`, {
      headers: { accept: 'text/event-stream' },
      ...(signal && { signal }),
    });
    if (!response.ok || response.body === null)
      throw new SandboxClientError(response.status, 'no event stream');
    try {
      yield* parseEvents(response.body);
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  }

  /** Looks on until it is disposed of: `await using watch = await client.watch()`. */
  watch(): Promise<Watch> {
    const abort = new AbortController();
    return Watch.begin(this.events(abort.signal), abort);
  }

  /**
   * Waits for the first event that is accepted, from now on. The `hello` comes first, so that a state reached before
   * the call counts. Throws SandboxTimeoutError after `timeoutMs`. To act and then wait, use `watch`.
   */
  async until<Event extends ReceivedEvent>(accepts: Condition<Event>, timeoutMs = 5000): Promise<Event> {
    await using watch = await this.watch();
    return await watch.until(accepts, timeoutMs);
  }

  #slack<Answer>(verb: string, body: object): Promise<Answer> {
    return this.#call('POST', `slack/${verb}`, body);
  }

  async #call<Answer>(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.#base}/_sandbox/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) {
      const text = (answer as { error?: string } | null)?.error ?? response.statusText;
      throw new SandboxClientError(response.status, text);
    }
    return answer as Answer;
  }
}
