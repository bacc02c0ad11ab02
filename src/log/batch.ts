import { canonicalRecord } from './canonical.ts';
import type { Chain } from './chain.ts';
import { MAX_BYTES, MAX_RECORDS } from './commit.ts';
import { LogError } from './errors.ts';
import { turnKeyRing } from './key-ring.ts';
import { textLeafHash } from './tree.ts';
import type { Entry, Head, LogRecord, Projection, Role } from './types.ts';

export interface Decided<R> {
  readonly records: readonly R[];
  readonly resolve: (entries: readonly Entry<R>[], head: Head) => void;
}

/** An append that waits for its turn. */
export interface Pending<S, R> {
  /** Runs the proposal; throws what it throws. */
  readonly decide: (state: S) => Decided<R>;
  /** Its last record is to be the last of its commit. */
  readonly endsCommit: boolean;
  readonly reject: (error: unknown) => void;
}

/** What one commit will hold, decided on the state at the end of a chain. */
export interface Batch<S, R> {
  /** Canonical records; empty when nothing is to be written. */
  readonly lines: readonly string[];
  readonly entries: readonly Entry<R>[];
  /** The state after them. */
  readonly state: S;
  /** Appends that are done or refused whatever becomes of this commit. */
  readonly settled: readonly (() => void)[];
  /** Appends whose outcome rests on this commit: settled when it is in the log, decided again when it is not. */
  readonly members: readonly Pending<S, R>[];
  readonly settleMembers: (head: Head) => void;
  /** Appends that did not fit. */
  readonly rest: readonly Pending<S, R>[];
}

/** The checkpoint has an origin of at most 200 characters, twice. */
const MAX_RECORD_BYTES = MAX_BYTES - 4_096;

/**
 * Runs the proposals one after the other, each on the state that the ones before it would leave; one that ends a commit comes
 * last, and the others like it wait for the next. Pure but for `decide`.
 */
export function decideBatch<S, R extends LogRecord>(
  chain: Chain,
  start: S,
  role: Role,
  projection: Projection<S, R>,
  waiting: readonly Pending<S, R>[],
): Batch<S, R> {
  const lines: string[] = [];
  const entries: Entry<R>[] = [];
  const settled: (() => void)[] = [];
  const members: Pending<S, R>[] = [];
  const outcomes: ((head: Head) => void)[] = [];
  let state = start;
  let keys = chain.keys;
  let bytes = 0;

  const ending = waiting.filter(({ endsCommit }) => endsCommit);
  const now = [...waiting.filter(({ endsCommit }) => !endsCommit), ...ending.slice(0, 1)];
  const later = ending.slice(1);
  for (const [i, pending] of now.entries()) {
    let outcome: (head: Head) => void;
    try {
      const { records, resolve } = pending.decide(state);
      const canonical = records.map(canonicalRecord);
      const texts = canonical.map(({ text }) => text);
      const size = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
      if (texts.length > MAX_RECORDS || size > MAX_RECORD_BYTES) {
        throw new LogError('too-large', 'the records of one append do not fit into one commit');
      }
      if (lines.length + texts.length > MAX_RECORDS || bytes + size > MAX_RECORD_BYTES) {
        return { lines, entries, state, settled, members, settleMembers, rest: [...now.slice(i), ...later] };
      }
      const own = canonical.map((each, j) => entryOf<R>(chain, role, lines.length + j, each));
      const nextKeys = own.reduce((ring, { record }) => turnKeyRing(ring, record, role), keys);
      state = foldAll(projection, state, own);
      keys = nextKeys;
      bytes += size;
      lines.push(...texts);
      entries.push(...own);
      outcome = (head) => resolve(own, head);
    } catch (error) {
      outcome = () => pending.reject(error);
    }
    // Once something is to be written, what came after was decided on a state that is not yet true.
    if (lines.length === 0) settled.push(() => outcome(chain.head));
    else {
      members.push(pending);
      outcomes.push(outcome);
    }
  }
  return { lines, entries, state, settled, members, settleMembers, rest: later };

  function settleMembers(head: Head): void {
    for (const outcome of outcomes) outcome(head);
  }
}

export const foldAll = <S, R>(projection: Projection<S, R>, state: S, entries: readonly Entry<R>[]): S =>
  entries.reduce((before, entry) => projection.fold(before, entry), state);

/** What readers will see: the text, parsed, not the object that was proposed. */
const entryOf = <R>(
  chain: Chain,
  role: Role,
  offset: number,
  { text, record }: ReturnType<typeof canonicalRecord>,
): Entry<R> => ({
  index: chain.tree.size + offset,
  commit: chain.head.commit + 1,
  role,
  record: record as unknown as R,
  leafHash: textLeafHash(text),
});
