import type { Story } from '../../evidence/story.ts';
import { toHtml } from '../../evidence/to-html.ts';
import type { Told } from './stories.ts';

/** The page of one request: the worker's beside the log, drawn again from everything that has just been verified. */
export function page(request: string, told: readonly Told[]): string {
  const checkpoint = told.at(-1)?.checkpoint ?? '';
  const [deployment = ''] = checkpoint.split('\n');
  const records = told.flatMap(({ entry: { index, commit, leafHash }, record }): Story['records'] =>
    record === null ? [] : [{ index, commit, leaf: Buffer.from(leafHash).toString('hex'), record }],
  );
  return toHtml({ deployment, request, records, checkpoint });
}
