import type { SummaryWritten } from '../domain/records.ts';
import type { In } from '../domain/request.ts';

/** Readable summaries of sealed requests, beside the log. They are renderings: where they differ from it, the log decides. */
export interface Summaries {
  /**
   * Writes what the log says of a request up to a commit, and answers what stands there now: an object that another worker
   * has written is never replaced. Throws when the bucket is away.
   */
  write(request: In<'sealed'>, upTo: number): Promise<SummaryWritten['objects']>;
}
