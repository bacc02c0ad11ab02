import type { Summaries } from '../../../src/ports/summaries.ts';

/** Summaries beside the log, by key: as in the bucket, what stands there is not replaced. */
export class FakeSummaries implements Summaries {
  readonly objects = new Map<string, string>();

  write({ id }: Parameters<Summaries['write']>[0], upTo: number): ReturnType<Summaries['write']> {
    const key = `summary/${id}/${upTo}.json`;
    if (!this.objects.has(key)) this.objects.set(key, `tells of commit ${upTo}`);
    return Promise.resolve([{ key, sha256: '00' }]);
  }
}
