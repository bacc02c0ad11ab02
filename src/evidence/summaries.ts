import { createHash } from 'node:crypto';

import type { BreakglassRecord, SummaryWritten } from '../domain/records.ts';
import type { In } from '../domain/request.ts';
import { besideKey, summaryKey } from '../domain/summary-key.ts';
import { recordsAt } from '../log/records-at.ts';
import type { LogStore } from '../log/types.ts';
import type { Summaries } from '../ports/summaries.ts';
import type { Story } from './story.ts';
import { toHtml } from './to-html.ts';
import { toJson } from './to-json.ts';

/** Far more than a request comes to. */
export const MAX_SUMMARY_BYTES = 8 * 1024 * 1024;

export type SummaryParts = {
  readonly deployment: string;
  /** The log itself: its records are read again from where they stand. */
  readonly log: LogStore;
  /** What is beside it. */
  readonly objects: Pick<LogStore, 'read' | 'createIfAbsent'>;
};

/** Summaries as objects of the log's bucket, each written once. */
export class BucketSummaries implements Summaries {
  readonly #parts: SummaryParts;

  constructor(parts: SummaryParts) {
    this.#parts = parts;
  }

  async write({ id, records }: In<'sealed'>, upTo: number): Promise<SummaryWritten['objects']> {
    const { deployment, log } = this.#parts;
    const told = records.filter(({ commit }) => commit <= upTo);
    const found = await recordsAt(log, told, upTo);
    const story: Story = {
      deployment,
      request: id,
      // Folded by this worker, so of a type that it knows: the leaf hash says that this is what it has folded.
      records: found.records.map(({ place, record }) => ({ ...place, record: record as BreakglassRecord })),
      checkpoint: found.checkpoint,
    };
    return [
      await this.#create(summaryKey(id, upTo, 'json'), toJson(story)),
      await this.#create(summaryKey(id, upTo, 'html'), toHtml(story)),
    ];
  }

  /**
   * The log vouches for what this worker has drawn, and for nothing that somebody else has put there before: a summary that
   * stands there and differs, of another version of the software or of whoever may write to the bucket, keeps its place, and
   * ours goes beside it.
   */
  async #create(key: string, text: string): Promise<SummaryWritten['objects'][number]> {
    const body = Buffer.from(text);
    const sha256 = createHash('sha256').update(body).digest('hex');
    if (await this.#isThere(key, body)) return { key, sha256 };
    // Named by its hash: whatever stands there instead contradicts its own name.
    const beside = besideKey(key, sha256);
    await this.#isThere(beside, body);
    return { key: beside, sha256 };
  }

  /** Created now or before. */
  async #isThere(key: string, body: Uint8Array): Promise<boolean> {
    const { objects } = this.#parts;
    if ((await objects.createIfAbsent(key, body)) === 'created') return true;
    const there = await objects.read(key);
    if (there === undefined) throw new Error(`${key} is hidden by a delete marker`);
    return Buffer.compare(there, body) === 0;
  }
}
