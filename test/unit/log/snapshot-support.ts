import {
  MemoryLogStore,
  snapshotPrefix,
  type LogStore,
  type Role,
  type SnapshotEvent,
  type Snapshots,
} from '../../../src/log/index.ts';
import { beginningOf } from '../../../src/log/snapshot-chain.ts';
import { packLines, sealSnapshot, snapshotKey } from '../../../src/log/snapshot.ts';
import type { Chain } from '../../../src/log/chain.ts';
import { parseVkey } from '../../../src/log/keys.ts';
import { BOT } from './support.ts';

export const KIND = 'texts-1';
export const PREFIX = snapshotPrefix('bot', KIND);

type Texts = readonly string[];

/** What one process keeps of its list of texts, and what it says about it. */
export class KeptTexts implements Snapshots<Texts> {
  readonly kind = KIND;
  readonly every: { commit: number; size: number };
  readonly store: LogStore;
  readonly events: SnapshotEvent[] = [];
  readonly #awaited: ((event: SnapshotEvent) => void)[] = [];
  #told = 0;

  constructor(store: LogStore, every = { commit: 1_000, size: 10_000 }) {
    this.store = store;
    this.every = every;
  }

  readonly linesOf = (state: Texts): Iterable<unknown> | undefined =>
    state.includes('better folded again') ? undefined : state;
  readonly withLine = (state: Texts, line: unknown): Texts => {
    if (typeof line !== 'string') throw new TypeError('not a text');
    return [...state, line];
  };
  readonly report = (event: SnapshotEvent): void => {
    this.events.push(event);
    this.#awaited.shift()?.(event);
  };

  /** The events, one after the other, each as soon as it has happened. */
  next(): Promise<SnapshotEvent> {
    const event = this.events[this.#told];
    this.#told += 1;
    return event === undefined
      ? new Promise((resolve) => this.#awaited.push(resolve))
      : Promise.resolve(event);
  }
}

export const snapshotStore = (role: Role = 'bot'): MemoryLogStore =>
  new MemoryLogStore({}, snapshotPrefix(role, KIND));

/** Numbers of the snapshots that are there. */
export const numbersIn = (store: MemoryLogStore): number[] =>
  [...store.objects.keys()].map((key) => Number(key.split('/').at(-1))).toSorted((a, b) => a - b);

export const atOnce = (): Promise<void> => Promise.resolve();

/** A snapshot of these lines as the given key would have made it. */
export async function sealed(
  lines: readonly unknown[],
  number: number,
  { vkey, sign } = BOT,
): Promise<Uint8Array> {
  return sealSnapshot(await packLines(lines, atOnce), number, parseVkey(vkey), sign);
}

/** Puts one there that holds these texts. */
export async function keep(
  store: MemoryLogStore,
  chain: Chain,
  texts: readonly unknown[],
  signer = BOT,
): Promise<void> {
  const { commit } = chain.head;
  const bytes = await sealed([beginningOf(chain, KIND), ...texts], commit, signer);
  store.objects.set(snapshotKey(PREFIX, commit), bytes);
}
