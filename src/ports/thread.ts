import type { ThreadKept } from '../domain/records.ts';
import type { Request } from '../domain/request.ts';

/** The conversation under a request's card, people's messages included. */
export interface ThreadReader {
  /**
   * What stands there now, as far as it can be read: what never will be is a `problem` in the answer. Throws when the other
   * side is away. Texts come without what looks like a secret.
   */
  read(request: Request): Promise<Omit<ThreadKept, 'format' | 'type' | 'at' | 'request'>>;
}
