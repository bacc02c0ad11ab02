/** Why the log refuses. All but the last group mean that the log, or what was offered to it, is not what it must be. */
export type LogErrorCode =
  // an object or a record is not in the form docs/log-format.md gives
  | 'malformed'
  | 'not-canonical'
  | 'too-large'
  | 'unknown-format'
  // signed by nobody we know, or saying something else than its records
  | 'wrong-origin'
  | 'unknown-key'
  | 'wrong-role'
  | 'bad-signature'
  | 'root-mismatch'
  // the sequence is not whole
  | 'gap'
  | 'head-moved-back'
  // the wrong log, or none
  | 'other-deployment'
  | 'no-log'
  // nothing is wrong with the log, but this process signs with a key that its role has replaced
  | 'key-replaced'
  // nothing is known to be wrong: try again
  | 'store-unavailable'
  | 'signer-unavailable';

/** Longer than any text of ours: what is in an object may be megabytes of whatever its writer liked. */
const MAX_TEXT = 1_000;

/** One line, and nothing a terminal would obey: texts quote keys and origins from the store, before they are believed. */
const harmless = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, MAX_TEXT);

/** The one error of this library. Its text names commits and keys, never a secret, and is safe to show. */
export class LogError extends Error {
  readonly code: LogErrorCode;
  /** The commit where it was found, when there is one. */
  readonly commit: number | undefined;

  constructor(code: LogErrorCode, text: string, options: { commit?: number; cause?: unknown } = {}) {
    super(harmless(text), options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'LogError';
    this.code = code;
    this.commit = options.commit;
  }
}
