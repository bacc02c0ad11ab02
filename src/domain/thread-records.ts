import type { Fact, Of } from './fact.ts';
import type { Identity } from './person.ts';
import type { EpochMs } from './time.ts';

/** The summary of a sealed request stands beside the log, as it follows from the records up to a commit. */
export type SummaryWritten = Fact<
  'summary.written',
  Of & {
    readonly worker: string;
    /** The commit of the newest record that it tells. */
    readonly upTo: number;
    /** Keys in the log's bucket, and the SHA-256 of each object, lower-case hex. */
    readonly objects: readonly { readonly key: string; readonly sha256: string }[];
  }
>;

/** The thread of a request, read from Slack when the request had ended: people's messages and our own. */
export type ThreadKept = Fact<
  'thread.kept',
  Of & {
    readonly channel: string;
    /** The `ts` of the message that the thread hangs on. */
    readonly thread: string;
    readonly messages: readonly ThreadMessage[];
    /** Everything that stood there when it was read, and what was removed before as far as Slack has said so. */
    readonly complete: boolean;
    /** Messages that were there and did not fit. */
    readonly omitted: number;
    /** Why it is not complete, safe to show; null when it is. */
    readonly problem: string | null;
  }
>;

/** Somebody removed a message from the thread of a request. What it said is not kept: it may have been a secret. */
export type MessageRemoved = Fact<
  'thread.message-removed',
  Of & { readonly ts: string; readonly by: ThreadAuthor; readonly removedAt: EpochMs }
>;

/** Whose message: a person's, our own and which one (null where that is not known), or another app's. */
export type ThreadAuthor =
  | { readonly who: 'person'; readonly identity: Identity }
  | { readonly who: 'us'; readonly key: string | null }
  | { readonly who: 'app'; readonly id: string };

export type ThreadMessage = {
  /** Its id in the channel, and when it was posted: seconds since the epoch and a counter. */
  readonly ts: string;
  readonly by: ThreadAuthor;
  /** As Slack has it, with entities for `&<>`, without what looks like a secret; cut where it is very long. Empty when removed. */
  readonly text: string;
  readonly edited: { readonly at: EpochMs; readonly by: Identity | null } | null;
  /** When it was removed, or was first seen to be gone. */
  readonly removedAt: EpochMs | null;
};
