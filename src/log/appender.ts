import { decideBatch, foldAll, type Batch, type Pending } from './batch.ts';
import { readCommit, writeCommit, type Chain, type VerifiedCommit } from './chain.ts';
import { createCommit, type Patience } from './create-commit.ts';
import { LogError } from './errors.ts';
import { lookOut, type LookOut } from './look-out.ts';
import type { Place } from './read-snapshot.ts';
import { readLog } from './reader.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';
import { Turns } from './turns.ts';
import type {
  Committed,
  Entry,
  Head,
  Log,
  LogRecord,
  LogStore,
  Projection,
  Proposal,
  Signer,
} from './types.ts';

export interface AppenderParts<S, R> {
  readonly store: LogStore;
  readonly signer: Signer;
  readonly projection: Projection<S, R>;
  readonly patience: Patience;
  readonly keeper: SnapshotKeeper<S> | undefined;
}

type Listener<S, R> = (entries: readonly Entry<R>[], state: S) => void;

/** `upTo`: the commit that has to be read; whoever wants the head says infinity. */
type Refresher = {
  readonly upTo: number;
  readonly resolve: (head: Head) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * One process's view of the log, and its queue of appends. Everything that touches the store happens in one loop, a round
 * at a time: read if asked or in doubt, then one commit of all that waits. While its PUT is under way the next ones queue.
 */
export class Appender<S, R extends LogRecord> implements Log<S, R> {
  readonly #parts: AppenderParts<S, R>;
  readonly #listeners = new Set<Listener<S, R>>();
  #chain: Chain;
  #state: S;
  #broken: LogError | undefined;
  #waiting: Pending<S, R>[] = [];
  #refreshers: Refresher[] = [];
  #running = false;
  readonly #turns = new Turns();
  /** A commit has just been tried and there is more to write: others may be as busy. */
  #racing = false;
  /** A PUT whose answer never came may still land: read before the next write. */
  #inDoubt = false;

  /** Starts at a verified chain and the state folded from it. */
  constructor(parts: AppenderParts<S, R>, { chain, state }: Place<S>) {
    this.#parts = parts;
    this.#chain = chain;
    this.#state = state;
  }

  get origin(): string {
    return this.#chain.origin;
  }

  get state(): S {
    return this.#state;
  }

  get head(): Head {
    return this.#chain.head;
  }

  get broken(): LogError | undefined {
    return this.#broken;
  }

  get replacedBy(): string | undefined {
    const { role, vkey } = this.#parts.signer;
    const { text } = this.#chain.keys.current[role];
    return text === vkey ? undefined : text;
  }

  subscribe(listener: Listener<S, R>): () => void {
    // One function may be subscribed twice.
    const own: Listener<S, R> = (entries, state) => listener(entries, state);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  append<T>(
    propose: (state: S) => Proposal<R, T>,
    { endsCommit = false }: { readonly endsCommit?: boolean } = {},
  ): Promise<Committed<T, R>> {
    return new Promise((resolve, reject) => {
      const decide: Pending<S, R>['decide'] = (state) => {
        const { records, result } = propose(state);
        return { records, resolve: (entries, head) => resolve({ result, entries, head }) };
      };
      this.#waiting.push({ decide, endsCommit, reject });
      this.#start();
    });
  }

  refresh(upTo = Number.POSITIVE_INFINITY): Promise<Head> {
    return new Promise((resolve, reject) => {
      this.#refreshers.push({ upTo, resolve, reject });
      this.#start();
    });
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    // What is appended in the same tick travels together.
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 || this.#refreshers.length > 0) await this.#round();
    this.#running = false;
    // Who appends again at once goes on racing.
    setImmediate(() => (this.#racing = this.#running && this.#racing));
  }

  async #round(): Promise<void> {
    const refreshers = this.#refreshers;
    this.#refreshers = [];
    try {
      if (this.#broken !== undefined) throw this.#broken;
      const isLate = this.#inDoubt || refreshers.some(({ upTo }) => upTo > this.head.commit);
      if (isLate) await this.#readToHead();
      this.#turns.goes(!isLate && this.#racing && (await this.#standBack()));
    } catch (error) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const { reject } of [...refreshers, ...waiting]) reject(error);
      return;
    }
    for (const { resolve } of refreshers) resolve(this.head);
    await this.#commitWaiting();
  }

  /** Until it is our turn, or seems to be nobody's: true. Ends, because every commit of others brings our turn nearer. */
  async #standBack(): Promise<boolean> {
    const { store, patience } = this.#parts;
    if (this.#turns.pauseMs > 0) await patience.wait(this.#turns.pauseMs);
    for (;;) {
      const looks = this.#turns.lookOut(this.head.commit);
      if (looks === undefined) return false;
      const found = await lookOut(store, this.head.commit + 1, looks, patience.wait);
      if (found.length === 0) return true;
      await this.#adoptAll(found);
    }
  }

  async #commitWaiting(): Promise<void> {
    const { signer, projection } = this.#parts;
    const batch = decideBatch(this.#chain, this.#state, signer.role, projection, this.#waiting);
    this.#waiting = [...batch.rest];
    for (const settle of batch.settled) settle();
    if (batch.lines.length === 0) return;
    try {
      await this.#commit(batch);
    } catch (error) {
      for (const { reject } of batch.members) reject(error);
    }
  }

  async #commit(batch: Batch<S, R>): Promise<void> {
    const { store, signer, patience } = this.#parts;
    if (this.replacedBy !== undefined)
      throw new LogError('key-replaced', `the ${signer.role}'s key has been replaced by ${this.replacedBy}`);
    const leaves = batch.entries.map(({ leafHash }) => leafHash);
    const bytes = await writeCommit(this.#chain, batch.lines, signer, leaves);
    // No reader may ever find what this process would not accept itself.
    const own = readCommit(this.#chain, bytes);

    const number = own.chain.head.commit;
    const looks = this.#racing ? this.#turns.alongside : undefined;
    const { ahead } = this.#turns;
    const watched = looks === undefined ? { ahead } : { ahead, rival: this.#rival(looks) };
    this.#racing = true;
    let found: readonly Uint8Array[];
    try {
      found = await createCommit(store, number, bytes, patience, watched);
    } catch (error) {
      this.#inDoubt = true;
      throw error;
    }
    if (found[0] === bytes) {
      this.#turns.won();
      this.#advance({ chain: own.chain, state: batch.state }, batch.entries, true);
      batch.settleMembers(own.chain.head);
      return;
    }
    this.#turns.beaten(found.length);
    await this.#adoptAll(found);
    this.#waiting = [...batch.members, ...this.#waiting];
  }

  /** What stands where our commit is to stand, as soon as anybody's is there. */
  #rival(looks: LookOut): Promise<readonly Uint8Array[]> {
    const { store, patience } = this.#parts;
    return new Promise((resolve) => {
      void lookOut(store, this.head.commit + 1, looks, patience.wait).then(
        (found) => found.length > 0 && resolve(found),
      );
    });
  }

  async #readToHead(): Promise<void> {
    const commits = readLog(this.#parts.store, {}, this.#chain);
    for (;;) {
      const next = await this.#believe(() => commits.next());
      if (next.done === true) break;
      this.#adopt(next.value);
    }
    this.#inDoubt = false;
  }

  /** What the store says; once it contradicts itself or what was read before, never again. */
  async #believe<T>(read: () => T | Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof LogError && error.code !== 'store-unavailable') this.#broken = error;
      throw error;
    }
  }

  /** Commits of others that follow the head, in order. */
  async #adoptAll(found: readonly Uint8Array[]): Promise<void> {
    for (const bytes of found) this.#adopt(await this.#believe(() => readCommit(this.#chain, bytes)));
  }

  #adopt({ chain, entries }: VerifiedCommit): void {
    this.#turns.passed();
    const known = entries as readonly Entry<R>[];
    this.#advance({ chain, state: foldAll(this.#parts.projection, this.#state, known) }, known, false);
  }

  #advance(place: Place<S>, entries: readonly Entry<R>[], isOurs: boolean): void {
    const { chain, state } = place;
    this.#chain = chain;
    this.#state = state;
    this.#parts.keeper?.passed(place, entries[0]!.role, isOurs);
    for (const listener of this.#listeners) {
      try {
        listener(entries, state);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
}
