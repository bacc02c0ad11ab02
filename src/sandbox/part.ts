/**
 * What each part of the local world (Slack, AWS, edge, incidents) offers the control interface.
 * The front server mounts every part below `/_sandbox/` by its name and sends what it emits to every
 * listener of the event stream.
 */
export interface SandboxPart {
  /** Path segment: `GET /_sandbox/state` answers `{ [name]: snapshot() }`, `POST /_sandbox/<name>/<verb>` runs a control. */
  readonly name: string;
  snapshot(): unknown;
  readonly controls: Readonly<Record<string, Control>>;
  /** Back to the seeded world; what is on disk goes too. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** A control takes the request's JSON body and answers JSON. It throws ControlError on bad input (answered with 400). */
export type Control = (body: Record<string, unknown>) => Promise<unknown>;

export class ControlError extends Error {
  override readonly name = 'ControlError';
}

/** One server-sent event: `event: <type>`, `data: <JSON of data>`. */
export interface SandboxEvent {
  readonly type: string;
  readonly data: unknown;
}

export type Emit = (event: SandboxEvent) => void;
