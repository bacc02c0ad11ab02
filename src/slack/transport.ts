import type { Receiver } from '@slack/bolt';

/** How Slack reaches us: it calls, or we hold a line open to it. */
export type Transport = {
  readonly receiver: Receiver;
  /** Resolves when Slack can reach us. Rejects with SlackError when it never will. */
  readonly start: () => Promise<void>;
  /** Takes nothing new from here on; what is under way can still be answered. */
  readonly pause: () => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly isConnected: () => boolean;
  /** Where Slack calls; null where it does not. */
  readonly port: () => number | null;
};

/** First and longest pause before another attempt to reach Slack. */
export const RETRY_MS = { first: 500, longest: 30_000 } as const;

export const nextPause = (ms: number): number => Math.min(ms * 2, RETRY_MS.longest);
