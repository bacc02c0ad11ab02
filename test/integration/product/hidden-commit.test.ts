import { setTimeout as pause } from 'node:timers/promises';
import { DeleteBucketPolicyCommand, DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commitKey } from '../../../src/log/commit.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import {
  approve,
  ask,
  CHANNEL,
  form,
  from,
  lateness,
  openWindow,
  person,
  type Asked,
} from '../../support/product/acts.ts';
import { breakglass } from '../../support/product/command-line.ts';
import { withBucket } from '../../support/product/download.ts';

const QUIET = 1_000;

let product: Product;
let pending: Asked;
let lateMs: number;
let answer: Record<string, string>;

/** While everything runs, a window is open and a request waits, somebody who may do anything hides the newest commit. */
beforeAll(async () => {
  product = await Product.start();
  pending = await ask(product, from('stranger'));
  const window = await openWindow(product, { ...from('requester'), 'For how long': '15s' });
  // Watched from now on, however long the rest takes.
  const late = lateness(product, 'requester', window.deadline);
  late.catch(() => undefined);
  await eventually('people are told that it is open', 20_000, async () =>
    (await product.log.all('messages.posted', window.id)).some(({ messages }) =>
      messages.some(({ key }) => key === 'open'),
    ),
  );
  const number = await eventually('nobody writes for a while', 10_000, async () => {
    const before = await product.log.commits();
    await pause(QUIET);
    return before === (await product.log.commits()) && before;
  });
  await withBucket(product, 'admin', async (s3) => {
    await s3.send(new DeleteBucketPolicyCommand({ Bucket: AWS_WORLD.logBucket }));
    await s3.send(new DeleteObjectCommand({ Bucket: AWS_WORLD.logBucket, Key: commitKey(number) }));
  });
  await eventually(
    'the worker distrusts the log',
    40_000,
    async () => (await product.worker.metric('breakglass_log_trusted')) === 0,
  );
  await approve(product, pending);
  answer = await person(product, 'maya').ask(CHANNEL, form());
  lateMs = await late;
}, 150_000);

afterAll(() => product[Symbol.asyncDispose]());

describe('the newest commit, hidden behind a delete marker', () => {
  test('opens nothing any more, and whoever asks is told', async () => {
    expect(await product.calls('AuthorizeSecurityGroupIngress', pending.id)).toEqual([]);
    expect(Object.values(answer).join()).toContain('The log cannot be trusted at the moment');
  });

  test('keeps nothing open that is due to close', () => {
    expect(lateMs).toBeLessThan(1_000);
  });

  test('wakes somebody, once', async () => {
    const pages = async () =>
      (await product.client.pageHooks())
        .map(({ body }) => body as { kind: string; text: string })
        .filter(({ kind }) => kind === 'log-not-trusted');

    await eventually('the page', 20_000, async () => (await pages()).length > 0);
    expect(await pages()).toHaveLength(1);
  });

  test('is found by the verifier', async () => {
    const { code, out } = await breakglass(['log', 'verify', '--json'], product.auditor);

    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ valid: false });
  });
});
