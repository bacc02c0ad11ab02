import type { LogError } from './errors.ts';

/** Who may commit: `bot` faces people, `worker` faces the cloud. Each has its own Ed25519 key. */
export type Role = 'bot' | 'worker';
export const ROLES: readonly Role[] = ['bot', 'worker'];

/** The record format this library writes and interprets. Newer ones are verified and passed on, opaque. */
export const FORMAT = 1;

/** A page of keys shorter than this is the last one. */
export const LIST_PAGE = 100;

/**
 * Where the log lives. One implementation is a bucket with Object Lock, others are memory and a folder.
 * A method throws when the answer is unknown or the store is down; it never throws for "not there". A store that has seen
 * for itself that it was tampered with throws that LogError.
 */
export interface LogStore {
  /**
   * The whole object, or undefined when there is none (also when a delete marker hides it). Of one that is larger than a
   * commit may be, a beginning that is larger as well will do.
   */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Creates the object unless it exists; a throw means that it may or may not have been created, now or later. */
  createIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'>;
  /**
   * Keys under `log/` (or whatever prefix the store is for) in ascending order, strictly after the given one. May be one page of at least LIST_PAGE keys: fewer
   * mean that there were no more at that moment.
   */
  list(after: string | undefined): Promise<string[]>;
}

/** Signs for one role. Asynchronous so that the key can live in a KMS. */
export interface Signer {
  readonly role: Role;
  /** C2SP verifier key `name+hash+base64(0x01 || public key)`; the name is the log's origin. */
  readonly vkey: string;
  /** A 64-byte Ed25519 signature (RFC 8032) over the message. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** What the library needs of every record; the rest is the domain's, any JSON. `log.` types belong to the library. */
export interface LogRecord {
  readonly format: number;
  readonly type: string;
  /** RFC 3339 in UTC with `Z`, milliseconds optional: `2026-03-01T12:00:00.000Z`. A fact, never an order. */
  readonly at: string;
}

/** The first record of every log. */
export interface LogOpened extends LogRecord {
  readonly format: 1;
  readonly type: 'log.opened';
  /** The deployment's name, which is the checkpoint origin and the name of both keys. */
  readonly deployment: string;
  readonly keys: Readonly<Record<Role, string>>;
}

/** Replaces the key of the role that commits it, from the following commit on. */
export interface KeyReplaced extends LogRecord {
  readonly format: 1;
  readonly type: 'log.key-replaced';
  readonly role: Role;
  readonly key: string;
}

/** The library's own records. */
export type LibraryRecord = LogOpened | KeyReplaced;

export interface Entry<R> {
  /** 0-based leaf index in the tree. */
  readonly index: number;
  /** Number of the commit that holds it, from 1. */
  readonly commit: number;
  /** The role whose key signed that commit. */
  readonly role: Role;
  /** Exactly what every reader of the log gets: the canonical text, parsed. */
  readonly record: R;
  /** 32 bytes, RFC 6962 leaf hash of the canonical text. */
  readonly leafHash: Uint8Array;
}

export interface Head {
  /** Number of the newest commit read. */
  readonly commit: number;
  /** Records up to and including that commit. */
  readonly size: number;
  /** Base64 of the 32-byte tree root at `size`. */
  readonly rootHash: string;
  /** The signed note of that commit, verbatim. */
  readonly checkpoint: string;
}

/** How records become state. Pure; S is persistent or immutable, since a speculative fold may be thrown away. */
export interface Projection<S, R> {
  readonly initial: S;
  /**
   * Called for every record in order, the library's own and those of a newer format (`record.format > FORMAT`, any other
   * shape; the place to stop opening) included. Must not throw: what it refuses to believe it leaves out.
   */
  fold(state: S, entry: Entry<R>): S;
}

/**
 * How the state of a projection is kept beside the log, so that opening the log reads the newest snapshot and what follows
 * it. Each role makes its own, and believes no other.
 */
export interface Snapshots<S> {
  /** Holds objects under `snapshotPrefix(role, kind)` and nothing else; reads at least MAX_SNAPSHOT_BYTES of one. */
  readonly store: LogStore;
  /** Names what folded the state and how it is written, `a-z`, digits and `-`: changes when either does. */
  readonly kind: string;
  /** How far apart they are; otherwise every 1,000 commits, and every 20,000 records. */
  readonly every?: { readonly commit: number; readonly size: number };
  /** The state as JSON values, each small; undefined for a state that is better folded again. */
  readonly linesOf: (state: S) => Iterable<unknown> | undefined;
  /** The state with one of those values, beginning with the projection's initial one. Throws for what it does not know. */
  readonly withLine: (state: S, line: unknown) => S;
  /** What became of them: for the operator, nothing depends on it. Must not throw. */
  readonly report: (event: SnapshotEvent) => void;
}

export type SnapshotEvent =
  /** The log is read from here. */
  | { readonly event: 'believed'; readonly commit: number }
  /** Not believed, for whatever reason; `commit` is undefined when they could not be listed. */
  | { readonly event: 'skipped'; readonly commit: number | undefined; readonly error: unknown }
  | { readonly event: 'written'; readonly commit: number; readonly bytes: number }
  /** Costs time at the next start, nothing else. */
  | { readonly event: 'not-written'; readonly commit: number; readonly error: unknown };

export interface Proposal<R, T> {
  /** All of them travel in one commit, in this order, or none. Empty = nothing to write. */
  readonly records: readonly R[];
  readonly result: T;
}

export interface Committed<T, R = LogRecord> {
  readonly result: T;
  /** The entries of this proposal, as every reader sees them. */
  readonly entries: readonly Entry<R>[];
  /** The head that includes them. */
  readonly head: Head;
}

export interface Log<S, R extends LogRecord> {
  readonly origin: string;
  /** Exact at `head`. */
  readonly state: S;
  readonly head: Head;
  /** Set for good once the store contradicted what was read before; every append and refresh then fails with it. */
  readonly broken: LogError | undefined;
  /** The verifier key that has taken the place of ours: this process reads on and can write no more. */
  readonly replacedBy: string | undefined;
  /**
   * Runs `propose` on the newest state this process knows (which may include records still on their way: their proposals
   * then settle together) and commits its records; after a lost race it runs again on the newer state, so it must be pure.
   * Resolves only when the records are in the store. What `propose` throws rejects this promise alone.
   * Two processes that write the same bytes at the same position are both told so: a record that must have one owner names
   * its process. `endsCommit`: the last of the records is to be the last of its commit, whose checkpoint then tells who wrote
   * it (see receipts). LogError `store-unavailable`: the records may or may not be, or come to be, in the log;
   * `signer-unavailable`, `key-replaced`, `too-large`, `malformed`: they are not; or `broken`.
   */
  append<T>(
    propose: (state: S) => Proposal<R, T>,
    options?: { readonly endsCommit?: boolean },
  ): Promise<Committed<T, R>>;
  /**
   * Reads to the head of the store; where `upTo` is given, only if that commit has not been read yet. LogError
   * `store-unavailable`, or `broken`.
   */
  refresh(upTo?: number): Promise<Head>;
  /**
   * Called once for every commit folded after this call, with its entries and the state after them, in order, before the
   * append that wrote it resolves. Must not throw (what it throws becomes a process warning). The answer unsubscribes.
   */
  subscribe(listener: (entries: readonly Entry<R>[], state: S) => void): () => void;
}
