import { parseVkey } from './keys.ts';
import type { Place } from './read-snapshot.ts';
import { beginningOf } from './snapshot-chain.ts';
import { packLines, sealSnapshot, snapshotKey, snapshotPrefix } from './snapshot.ts';
import type { Head, Role, Signer, Snapshots } from './types.ts';

/** Either is read and folded in about a second. */
const EVERY = { commit: 1_000, size: 20_000 };
/** Whoever did not have to write a snapshot looks after so much more whether it is there. */
const GRACE = 1.25;

type Where = Pick<Head, 'commit' | 'size'>;

/**
 * Sees to it that there are snapshots, beside everything else and in nobody's way: a failure is reported, and the next one
 * is due soon. All processes of a role agree on the places, so that creating the object decides between them, and on who
 * begins, so that it rarely has to: whoever of the role commits first from that place on. The others look later.
 */
export class SnapshotKeeper<S> {
  readonly #snapshots: Snapshots<S>;
  readonly #signer: Signer;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #every: Where;
  #seen: Where;
  /** The newest place that has a snapshot, or that nothing more is to be tried for. */
  #settled: Where;
  /** The newest place that should have one, and whether it is known who begins. */
  #due: { readonly place: Place<S>; readonly isTaken: boolean } | undefined;
  #isWriting = false;

  constructor(
    snapshots: Snapshots<S>,
    signer: Signer,
    wait: (ms: number) => Promise<void>,
    from: Where = { commit: 0, size: 0 },
  ) {
    this.#snapshots = snapshots;
    this.#signer = signer;
    this.#wait = wait;
    this.#every = snapshots.every ?? EVERY;
    this.#seen = from;
    this.#settled = from;
  }

  /** A commit has been read while the log is being opened. */
  replayed(place: Place<S>): void {
    const { head } = place.chain;
    if (this.#stepsTo(head, this.#seen)) this.#due = { place, isTaken: false };
    this.#seen = head;
  }

  /** The log is open. */
  opened(): void {
    this.#writeIf(this.#isLate());
  }

  /** A commit has been folded since, signed by this role; `isOurs`: this very process wrote it. */
  passed(place: Place<S>, role: Role, isOurs: boolean): void {
    this.replayed(place);
    const isFirst = this.#due?.isTaken === false && role === this.#signer.role;
    if (isFirst) this.#due = { ...this.#due!, isTaken: true };
    this.#writeIf((isFirst && isOurs) || this.#isLate());
  }

  /** Whether a multiple of the distance lies between. */
  #stepsTo(head: Where, before: Where): boolean {
    const step = ({ commit, size }: Where) =>
      [Math.floor(commit / this.#every.commit), Math.floor(size / this.#every.size)].join();
    return step(head) !== step(before);
  }

  #isLate(): boolean {
    return (
      this.#seen.commit - this.#settled.commit >= GRACE * this.#every.commit ||
      this.#seen.size - this.#settled.size >= GRACE * this.#every.size
    );
  }

  #writeIf(isTime: boolean): void {
    if (!isTime || this.#due === undefined || this.#isWriting) return;
    const { place } = this.#due;
    this.#due = undefined;
    this.#isWriting = true;
    void this.#write(place).then(() => {
      this.#settled = place.chain.head;
      this.#isWriting = false;
    });
  }

  async #write({ chain, state }: Place<S>): Promise<void> {
    const { store, kind, linesOf, report } = this.#snapshots;
    const { role, vkey } = this.#signer;
    const { commit } = chain.head;
    const prefix = snapshotPrefix(role, kind);
    const key = snapshotKey(prefix, commit);
    try {
      const lines = linesOf(state);
      if (lines === undefined || chain.keys.current[role].text !== vkey) return;
      // Somebody else of our role was here.
      if ((await store.list(snapshotKey(prefix, commit - 1)))[0] === key) return;
      const content = await packLines(after(beginningOf(chain, kind), lines), this.#wait);
      const bytes = await sealSnapshot(content, commit, parseVkey(vkey), (text) => this.#signer.sign(text));
      if ((await store.createIfAbsent(key, bytes)) === 'exists') return;
      report({ event: 'written', commit, bytes: bytes.length });
    } catch (error) {
      report({ event: 'not-written', commit, error });
    }
  }
}

function* after(first: unknown, others: Iterable<unknown>): Iterable<unknown> {
  yield first;
  yield* others;
}
