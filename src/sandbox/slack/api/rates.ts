import { RateLimitedError } from '../slack-error.ts';
import type { Arguments } from './arguments.ts';
import type { MethodEntry } from './context.ts';

/** docs.slack.dev/apis/web-api/rate-limits. Tier 1 is one a minute and up. */
const PER_MINUTE = { 1: 1, 2: 20, 3: 50, 4: 100, post: 60 } as const;
/** Slack allows short bursts without saying how long; posting gets this many at once in a channel. */
const POST_BURST = 20;

/** Token buckets, one for each method, and for posting one for each channel. */
export class RateLimits {
  readonly #buckets = new Map<string, { level: number; at: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Throws RateLimitedError with the seconds until the next call would pass. */
  spend(method: string, tier: MethodEntry['tier'], args: Arguments): void {
    if (tier === 'none') return;
    const capacity = tier === 'post' ? POST_BURST : PER_MINUTE[tier];
    const perSecond = PER_MINUTE[tier] / 60;
    const key = tier === 'post' ? `${method} ${args.text('channel') ?? ''}` : method;
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? { level: capacity, at: now };
    const level = Math.min(capacity, bucket.level + ((now - bucket.at) / 1000) * perSecond);
    if (level < 1) {
      this.#buckets.set(key, { level, at: now });
      throw new RateLimitedError(Math.ceil((1 - level) / perSecond));
    }
    this.#buckets.set(key, { level: level - 1, at: now });
  }

  reset(): void {
    this.#buckets.clear();
  }
}
