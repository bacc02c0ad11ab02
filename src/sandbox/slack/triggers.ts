import { randomBytes } from 'node:crypto';
import { SlackError } from './slack-error.ts';

/** docs.slack.dev/interactivity/handling-user-interaction: a trigger can be used once, within three seconds. */
const TRIGGER_LIFETIME_MS = 3000;
/** Expired ones are remembered this long, so that they can be told from made-up ones. */
const FORGOTTEN_AFTER_MS = 60_000;

export interface Trigger {
  user: string;
  /** The modal in which the person acted; without it nothing can be pushed. */
  viewId: string | undefined;
}

/** The trigger ids handed out with people's gestures. */
export class Triggers {
  readonly #known = new Map<string, Trigger & { issuedAt: number; used: boolean }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(user: string, viewId?: string): string {
    const now = this.#now();
    for (const [id, trigger] of this.#known) {
      if (now - trigger.issuedAt > FORGOTTEN_AFTER_MS) this.#known.delete(id);
    }
    const id = `${now}.${Math.floor(Math.random() * 1e12)}.${randomBytes(16).toString('hex')}`;
    this.#known.set(id, { user, viewId, issuedAt: now, used: false });
    return id;
  }

  /** Uses a trigger up. Throws SlackError `invalid_trigger_id`, `expired_trigger_id` or `exchanged_trigger_id`. */
  redeem(id: string): Trigger {
    const trigger = this.#known.get(id);
    if (trigger === undefined) throw new SlackError('invalid_trigger_id');
    if (this.#now() - trigger.issuedAt > TRIGGER_LIFETIME_MS) throw new SlackError('expired_trigger_id');
    if (trigger.used) throw new SlackError('exchanged_trigger_id');
    trigger.used = true;
    return trigger;
  }
}
