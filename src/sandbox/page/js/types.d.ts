/** Shapes that the page's modules share. The server side of each is described in `../../README.md`. */

export interface Person {
  id: string;
  handle: string;
  realName: string;
  title: string;
  playable: boolean;
  isBot?: boolean;
  deleted?: boolean;
}

export interface Channel {
  id: string;
  name: string;
  topic: string;
  isPrivate: boolean;
  /** A direct message between the app and one person. */
  isIm?: boolean;
  members?: string[];
}

export interface UserGroup {
  id: string;
  handle: string;
  name: string;
  users: string[];
}

export interface TextObject {
  type: 'mrkdwn' | 'plain_text';
  text: string;
  verbatim?: boolean;
}

export interface Option {
  text: TextObject;
  value: string;
  description?: TextObject;
}

export interface ConfirmObject {
  title?: TextObject;
  text: TextObject;
  confirm?: TextObject;
  deny?: TextObject;
  style?: string;
}

/** A Block Kit element; only the members that the page reads. */
export interface BlockElement {
  type: string;
  action_id?: string;
  text?: TextObject;
  value?: string;
  url?: string;
  style?: string;
  confirm?: ConfirmObject;
  accessibility_label?: string;
  alt_text?: string;
  placeholder?: TextObject;
  multiline?: boolean;
  max_length?: number;
  initial_value?: string;
  initial_option?: Option;
  initial_options?: Option[];
  initial_user?: string;
  options?: Option[];
  option_groups?: { label: TextObject; options: Option[] }[];
  min_query_length?: number;
}

export interface Block {
  type: string;
  block_id?: string;
  text?: TextObject;
  fields?: TextObject[];
  accessory?: BlockElement;
  elements?: (BlockElement | TextObject)[];
  element?: BlockElement;
  label?: TextObject;
  hint?: TextObject;
  optional?: boolean;
  dispatch_action?: boolean;
  alt_text?: string;
  title?: TextObject;
}

export interface Message {
  ts: string;
  user?: string;
  bot_id?: string;
  username?: string;
  text?: string;
  blocks?: Block[];
  thread_ts?: string;
  reply_count?: number;
  edited?: { user?: string; ts: string };
  subtype?: string;
  deleted?: boolean;
  /** Set by the page: the one person who sees this ephemeral message. */
  onlyFor?: string;
}

export interface View {
  id: string;
  type: string;
  title: TextObject;
  submit?: TextObject;
  close?: TextObject;
  blocks: Block[];
  hash?: string;
  state?: { values?: Record<string, Record<string, HeldValue>> };
}

/** The value of a field in `view.state.values`. */
export interface HeldValue {
  type: string;
  value?: string | null;
  selected_option?: Option | null;
  selected_options?: Option[];
  selected_user?: string | null;
}

export interface Rule {
  id: string;
  fromPort: number;
  toPort: number;
  protocol: string;
  /** Null when the source is a prefix list or another group. */
  cidr: string | null;
  source?: string;
  description?: string;
  tags: Record<string, string>;
}

export interface SecurityGroup {
  id: string;
  name: string;
  rules: Rule[];
}

export interface Schedule {
  name: string;
  group: string;
  state: string;
  expression: string;
  start?: string | number | null;
  end?: string | number | null;
  /** ARN of what it calls. */
  target: string;
}

export interface Certificate {
  arn: string;
  name: string;
  serial: string;
  fingerprint: string;
  importedAt: string | number;
}

export interface Incident {
  id: string;
  title: string;
  status: string;
  html_url: string;
}

export interface Probe {
  vantage: string;
  address: string;
  port: number;
  open: boolean | null;
  serial?: string;
  fingerprint?: string;
  ms?: number;
  error?: string;
}

/** One line of the log; what else a record carries is its own business. */
export interface LogRecord {
  type: string;
  /** Milliseconds since the epoch. */
  at: number;
  request: string;
  body: Record<string, unknown>;
}

/** Values of a modal's inputs: block id, then action id. Several ticked boxes are an array. */
export type ViewValues = Record<string, Record<string, string | string[]>>;

/** Where an element stands, and so what a click on it names. */
export type Surface = { kind: 'message'; channel: string; ts: string } | { kind: 'view'; viewId: string };

/** What the blocks need of the page around them. */
export interface BlockContext {
  surface: Surface;
  directory: Directory;
  /** Reports a click or a choice; resolves when the server has taken it. */
  act(
    element: BlockElement,
    block: Block,
    choice: { value?: string; selected?: string | string[] },
  ): Promise<void>;
  /** Asks the app for the choices of an external select. */
  options(element: BlockElement, block: Block, query: string): Promise<Option[]>;
  /** Asks back before a click that carries a confirm object. */
  confirm(confirm: ConfirmObject): Promise<boolean>;
  /** Only in a modal. */
  inputs?: {
    read(blockId: string, actionId: string): string | string[] | undefined;
    write(blockId: string, actionId: string, value: string | string[]): void;
    error(blockId: string): string | undefined;
  };
}

/** Names for the ids in a text. */
export interface Directory {
  person(id: string): string | undefined;
  channel(id: string): string | undefined;
  group(id: string): string | undefined;
  people(): Person[];
}
