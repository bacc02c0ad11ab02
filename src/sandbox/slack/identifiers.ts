import { randomBytes } from 'node:crypto';

const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789';

/** A Slack-shaped id: a letter for the kind and ten characters, e.g. `V0ABCDEFGHJ`. */
export function newId(prefix: string): string {
  const random = [...randomBytes(9)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return `${prefix}0${random}`;
}

/** What Slack puts where an app left `block_id` or `action_id` out. */
export function newBlockId(): string {
  return randomBytes(4).toString('base64url').slice(0, 5);
}

export function newSecretId(): string {
  return randomBytes(18).toString('base64url');
}

/**
 * Message timestamps: epoch seconds with six digits, unique and growing, so that they are ids as well.
 */
export class Timestamps {
  #last = 0;

  next(nowMs: number): string {
    this.#last = Math.max(nowMs * 1000, this.#last + 1);
    return toTimestamp(this.#last);
  }

  /** Never again hand out what is at or below a timestamp that was read back from disk. */
  advancePast(ts: string): void {
    this.#last = Math.max(this.#last, Math.round(Number(ts.replace('.', ''))));
  }
}

function toTimestamp(microseconds: number): string {
  const seconds = Math.floor(microseconds / 1_000_000);
  return `${seconds}.${String(microseconds % 1_000_000).padStart(6, '0')}`;
}
