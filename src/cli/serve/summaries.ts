import { LogBucket } from '../../aws/log-bucket.ts';
import { SUMMARIES } from '../../domain/summary-key.ts';
import { BucketSummaries, MAX_SUMMARY_BYTES } from '../../evidence/summaries.ts';
import { Rounds } from '../../lifecycle/rounds.ts';
import { backoff, type Worker } from '../../lifecycle/worker.ts';
import { writeSummary } from '../../lifecycle/write-summary.ts';
import { systemClock } from '../system-clock.ts';
import type { Process } from './process.ts';

/** Keeps the summaries of sealed requests beside the log. Nothing waits for it, and it is never given up. */
export function keepSummaries({ config, aws, logger, turns }: Process, worker: Worker): Rounds {
  const { log } = worker;
  const { bucket, retainDays } = config.log;
  const place = { clients: aws.s3, bucket, retainDays, clock: systemClock };
  const summaries = new BucketSummaries({
    deployment: config.deployment,
    log: new LogBucket(place),
    objects: new LogBucket({
      ...place,
      objects: { prefix: SUMMARIES, maxBytes: MAX_SUMMARY_BYTES, contentType },
    }),
  });
  const rounds = new Rounds(
    systemClock,
    async (id) => {
      const isOurs = await turns.inTurn(`summary:${id}`, () => writeSummary(worker, summaries, id));
      return isOurs ? undefined : systemClock.now() + 1_000;
    },
    (attempt, request, error) => {
      logger.warn({ err: error, request, attempt }, 'a summary will be tried again');
      return backoff(worker, attempt);
    },
  );
  log.subscribe((entries, { requests }) => {
    for (const { record } of entries)
      if ('request' in record && record.request !== null && requests.get(record.request)?.state === 'sealed')
        rounds.wake(record.request);
  });
  for (const [id, { state }] of log.state.requests) if (state === 'sealed') rounds.wake(id);
  return rounds;
}

const contentType = (key: string): string =>
  key.endsWith('.html') ? 'text/html; charset=utf-8' : 'application/json';
