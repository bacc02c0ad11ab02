import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { LogBucket } from '../../../src/aws/log-bucket.ts';
import { openProcessLog } from '../../../src/cli/serve/process-log.ts';
import type { Process } from '../../../src/cli/serve/process.ts';
import { fold } from '../../../src/domain/fold.ts';
import type { BreakglassRecord } from '../../../src/domain/records.ts';
import { linesOf, STATE_KIND, withLine } from '../../../src/domain/state-json.ts';
import { EMPTY, getRequest, type State } from '../../../src/domain/state.ts';
import { MAX_SNAPSHOT_BYTES, openLog, snapshotPrefix, type Role } from '../../../src/log/index.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { aRecord, ID } from '../../support/builders/records.ts';
import { BOT, CREATE, HASTE, WORKER } from '../../unit/log/support.ts';
import { type AwsWorld, startAws, SYSTEM_CLOCK } from './support.ts';

let world: AwsWorld;
beforeEach(async () => {
  world = await startAws({ user: 'worker' });
});
afterEach(() => world.end());

const SIGNERS = { bot: BOT, worker: WORKER };
const place = () =>
  ({ clients: world.clients.s3, bucket: AWS_WORLD.logBucket, retainDays: 30, clock: SYSTEM_CLOCK }) as const;

/** A process as `serve` starts it, as far as its log is concerned. */
async function startedAgain(role: Role) {
  const said: string[] = [];
  const say = (_: object, text: string): void => void said.push(text);
  const log = await openProcessLog(
    {
      config: { log: { bucket: AWS_WORLD.logBucket, retainDays: 30 } },
      logger: { info: say, warn: say, error: say },
      metrics: createMetrics({ processMetrics: false }),
      aws: world.clients,
      signers: { of: () => Promise.resolve(SIGNERS[role]) },
    } as unknown as Process,
    role,
  );
  return { log, said };
}

test('a process that restarts takes up its state from its own snapshot, and nobody else does', async () => {
  const prefix = snapshotPrefix('worker', STATE_KIND);
  let isWritten = (): void => undefined;
  const written = new Promise<void>((resolve) => (isWritten = resolve));
  const options = {
    store: new LogBucket(place()),
    projection: { initial: EMPTY, fold },
    create: CREATE,
    patience: HASTE,
  };
  const bot = await openLog<State, BreakglassRecord>({ ...options, signer: BOT });
  const worker = await openLog<State, BreakglassRecord>({
    ...options,
    signer: WORKER,
    snapshots: {
      store: new LogBucket({ ...place(), objects: { prefix, maxBytes: MAX_SNAPSHOT_BYTES } }),
      kind: STATE_KIND,
      every: { commit: 4, size: 1_000 },
      linesOf,
      withLine,
      report: isWritten,
    },
  });
  for (const type of ['request.asked', 'approval.given'] as const) {
    await bot.append(() => ({ records: [aRecord(type)], result: undefined }));
  }
  await worker.append(() => ({ records: [aRecord('open.intended')], result: undefined }));
  await written;
  const before = (await world.calls('GetObject')).length;

  const restarted = await startedAgain('worker');

  const { log, said } = restarted;
  expect(said).toEqual(['the log is read from a snapshot on']);
  const read = (await world.calls('GetObject')).slice(before).map(({ input }) => String(input['Key']));
  expect(read).toContain(`${prefix}0000000000000004`);
  expect(read).toContain('log/0000000000000004');
  expect(read.filter((key) => key < 'log/0000000000000004')).toEqual([]);
  expect(log.head).toEqual(worker.head);
  expect(getRequest(log.state, ID)).toStrictEqual(getRequest(worker.state, ID));
  expect(getRequest(log.state, ID)?.state).toBe('opening');
  const other = await startedAgain('bot');
  expect(other.said).toEqual([]);
  expect(getRequest(other.log.state, ID)).toStrictEqual(getRequest(worker.state, ID));
});

test('a process says so when it does not believe a snapshot, and starts all the same', async () => {
  const log = await openLog<State, BreakglassRecord>({
    store: new LogBucket(place()),
    projection: { initial: EMPTY, fold },
    create: CREATE,
    patience: HASTE,
    signer: BOT,
  });
  await log.append(() => ({ records: [aRecord('request.asked')], result: undefined }));
  const key = `${snapshotPrefix('worker', STATE_KIND)}0000000000000002`;
  await new LogBucket(place()).createIfAbsent(key, Buffer.from('forged'));

  const started = await startedAgain('worker');

  expect(started.said).toEqual(['a snapshot is not believed']);
  expect(getRequest(started.log.state, ID)?.state).toBe('pending');
});
