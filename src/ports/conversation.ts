import type { Request } from '../domain/request.ts';

/** What people see of a request: a card, its thread, the audit channel. Rendered from the log, so that it can catch up. */
export interface Conversation {
  /**
   * Brings everything people see of this request up to its state: posts what is missing in order, updates the card.
   * Calls `posted` after each new message, so that a crash repeats at most one; finds that one again by its metadata.
   * Throws when the other side is away; what was posted until then has been reported.
   */
  tell(request: Request, posted: (message: PostedMessage) => Promise<void>): Promise<void>;
}

/** `key` says what the message is; one of each a request. */
export type PostedMessage = { readonly key: string; readonly channel: string; readonly ts: string };
