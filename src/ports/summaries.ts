import type { SummaryWritten } from '../domain/records.ts';
import type { In } from '../domain/request.ts';

/** Readable summaries of sealed requests, beside the log. They are renderings: where they differ from it, the log decides. */
export interface Summaries {
  /**
   * Writes what the log says of a request up to a commit, and answers where: nothing that stands there is replaced, and
   * nothing that somebody else has written is answered. Throws when the bucket is away.
   */
  write(request: In<'sealed'>, upTo: number): Promise<SummaryWritten['objects']>;
}
