import type { VerifiedCommit } from '../../../src/log/chain.ts';
import { firstCommit, readCommit, writeCommit, type Chain } from '../../../src/log/chain.ts';
import { canonicalText } from '../../../src/log/canonical.ts';
import { commitKey } from '../../../src/log/commit.ts';
import {
  LogError,
  MemoryLogStore,
  openLog,
  pemSigner,
  type Entry,
  type Log,
  type LogRecord,
  type LogStore,
  type OpenLogOptions,
  type Patience,
  type Projection,
  type Role,
  type Signer,
  type Weather,
  verifyLog,
} from '../../../src/log/index.ts';

export const ORIGIN = 'breakglass.example/production';
export const AT = '2026-03-01T12:00:00.000Z';

/** A PKCS#8 PEM of an Ed25519 key whose 32-byte seed is all `fill`: the same key in every run. */
export const pemOf = (fill: number): string => {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, fill)]);
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
};

export const signerOf = (role: Role, fill = role === 'bot' ? 1 : 2, origin = ORIGIN): Signer =>
  pemSigner(role, origin, pemOf(fill));

export const BOT = signerOf('bot');
export const WORKER = signerOf('worker');
export const KEYS = { bot: BOT.vkey, worker: WORKER.vkey };
export const CREATE = { at: AT, keys: KEYS };

export interface Note extends LogRecord {
  readonly text: string;
}

export const note = (text: string, more: object = {}): Note => ({
  format: 1,
  type: 'note',
  at: AT,
  text,
  ...more,
});

/** Every record's text (or type, for those that have none), oldest first. */
export const texts: Projection<readonly string[], Note> = {
  initial: [],
  fold: (state, { record }) => [...state, record.text ?? record.type],
};

export type TextLog = Log<readonly string[], Note>;

/** Never waits: every retry is at once. */
export const HASTE: Patience = { retryDelaysMs: [0, 0], wait: () => Promise.resolve() };

export const open = (
  store: LogStore,
  more: Partial<OpenLogOptions<readonly string[], Note>> = {},
): Promise<TextLog> =>
  openLog({ store, signer: BOT, projection: texts, create: CREATE, patience: HASTE, ...more });

/** The code of the LogError that this ends in; any other end is an error of the test. */
export async function codeOf(act: (() => unknown) | Promise<unknown>): Promise<string> {
  try {
    await (typeof act === 'function' ? act() : act);
  } catch (error) {
    if (error instanceof LogError) return error.code;
    throw error;
  }
  throw new Error('expected a LogError, but nothing was thrown');
}

export const bytesOf = (text: string): Uint8Array => Buffer.from(text);
export const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

/** Opens a chain in memory, and writes commits to it without any appender. */
export class Chains {
  readonly store = new MemoryLogStore();
  chain: Chain | undefined;

  static async opened(): Promise<Chains> {
    const chains = new Chains();
    chains.put(await firstCommit({ at: AT, origin: ORIGIN, keys: KEYS }, BOT));
    return chains;
  }

  put(bytes: Uint8Array): VerifiedCommit {
    const read = readCommit(this.chain, bytes);
    this.store.objects.set(commitKey(read.chain.head.commit), bytes);
    this.chain = read.chain;
    return read;
  }

  /** The next commit's bytes, signed by anybody, not yet put anywhere. */
  next(records: readonly LogRecord[], signer: Signer = BOT): Promise<Uint8Array> {
    return writeCommit(this.chain!, records.map(canonicalText), signer);
  }

  async commit(records: readonly LogRecord[], signer: Signer = BOT): Promise<readonly Entry<LogRecord>[]> {
    return this.put(await this.next(records, signer)).entries;
  }

  /** Replaces the newest or an older object's text. */
  alter(number: number, change: (text: string) => string): void {
    const key = commitKey(number);
    this.store.objects.set(key, bytesOf(change(textOf(this.store.objects.get(key)))));
  }
}

export const say = (log: TextLog, text: string) =>
  log.append(() => ({ records: [note(text)], result: text }));

export const valid = async (store: MemoryLogStore): Promise<boolean> => (await verifyLog(store)).valid;

/** Holds every PUT back until it is let go. */
export function gate(store: MemoryLogStore): { held: () => number; release: () => void } {
  const held: (() => void)[] = [];
  store.weather = {
    before: (call) =>
      call === 'create' ? new Promise<void>((resolve) => held.push(resolve)) : Promise.resolve(),
  };
  return { held: () => held.length, release: () => held.splice(0).forEach((go) => go()) };
}

/** Lets everything that needs no PUT happen. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i += 1) await new Promise(setImmediate);
};

/** The given faults, one for each PUT in turn; fine weather afterwards. */
export const onPuts = (...faults: readonly ('down' | 'lost' | 'fine')[]): Weather => {
  const rest = [...faults];
  const fault = (when: string) => async (call: string) => {
    if (call !== 'create' || rest[0] === undefined) return;
    if (rest[0] === when) throw new Error(rest.shift());
    if (when === 'lost') rest.shift();
  };
  return { before: fault('down'), after: fault('lost') };
};
