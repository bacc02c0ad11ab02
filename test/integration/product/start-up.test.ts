import { join } from 'node:path';
import { DeleteBucketPolicyCommand, DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startRole, type Run } from '../../../src/cli/demo/children.ts';
import { environmentOf } from '../../../src/cli/demo/environment.ts';
import { DEPLOYMENT } from '../../../src/cli/demo/folder.ts';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import { approve, ask, from, lateness, opened, rulesOf, settled } from '../../support/product/acts.ts';

let product: Product;

beforeAll(async () => {
  product = await Product.start();
}, 60_000);

afterAll(() => product[Symbol.asyncDispose]());

/** One more worker, whose end is the test's own. */
function startWorker(name: string, env: NodeJS.ProcessEnv = {}): Run {
  const settings = { ...environmentOf('worker', product.settings), ...env };
  return startRole('worker', settings, join(product.folder, `${name}.log`));
}

const get = async (port: unknown, path: string): Promise<number> =>
  (await fetch(`http://127.0.0.1:${String(port)}${path}`, { headers: { connection: 'close' } })).status;

/** One with our tag whose end has passed: nobody is left who would close it but the sweep. Answers its request. */
async function overdueRule({ client }: Product): Promise<string> {
  const request = `bg-overdue-${performance.now()}`;
  await client.control('aws/rule', {
    do: 'authorize',
    group: AWS_WORLD.securityGroups[0].id,
    cidr: '203.0.113.200/32',
    fromPort: 8443,
    tags: {
      'breakglass:deployment': DEPLOYMENT,
      'breakglass:request': request,
      'breakglass:expires-at': String(Math.floor(Date.now() / 1000) - 60),
    },
  });
  return request;
}

describe('a worker whose log bucket is away when it starts', () => {
  test('closes what is overdue by its tag, with Redis and Slack away as well', async () => {
    await product.client.faults({ 's3.down': true, 'slack.down': true });
    const run = startWorker('alone', { REDIS_URL: 'redis://127.0.0.1:1' });
    await run.said('the log is away; trying again');

    const request = await overdueRule(product);
    await eventually('closed', 10_000, async () => (await rulesOf(product, request)).length === 0);

    await product.client.faults({ 's3.down': null, 'slack.down': null });
    run.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });

  test('is alive and not ready, and ready as soon as the bucket is back', async () => {
    await product.client.faults({ 's3.down': true });
    const run = startWorker('waiting');
    const { port } = await run.said('listening');
    await run.said('the log is away; trying again');

    const meanwhile = [await get(port, '/healthz'), await get(port, '/readyz')];
    await product.client.faults({ 's3.down': null });
    await run.said('ready');

    expect(meanwhile).toEqual([200, 503]);
    expect(await get(port, '/readyz')).toBe(200);
    run.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });

  test('ends at once and well when it is told to stop', async () => {
    await product.client.faults({ 's3.down': true });
    const run = startWorker('told');
    await run.said('the log is away; trying again');
    const told = performance.now();

    run.kill('SIGTERM');
    const ending = await run.ended;

    await product.client.faults({ 's3.down': null });
    expect(ending).toEqual({ code: 0, signal: null });
    expect(performance.now() - told).toBeLessThan(8_000);
  });
});

test('a log whose end is hidden by a delete marker is refused, and none is begun over it; sweeping goes on', async () => {
  await using hidden = await Product.start();
  const s3 = new S3Client({
    endpoint: hidden.surroundings.sandbox.urls.aws,
    region: AWS_WORLD.region,
    forcePathStyle: true,
    credentials: SANDBOX_CREDENTIALS.admin,
  });
  const hide = async (number: number) =>
    s3.send(
      new DeleteObjectCommand({
        Bucket: AWS_WORLD.logBucket,
        Key: `log/${String(number).padStart(16, '0')}`,
      }),
    );
  const refused = async (name: string) => {
    const run = startRole('worker', environmentOf('worker', hidden.settings), join(hidden.folder, name));
    const { err } = await run.said('the log cannot be trusted; nothing but the sweep works');
    await eventually('somebody is paged', 5_000, async () =>
      (await hidden.client.pageHooks()).some(({ body }) => JSON.stringify(body).includes('log-not-trusted')),
    );
    const rule = await overdueRule(hidden);
    await eventually(
      'what is overdue is closed',
      10_000,
      async () => (await rulesOf(hidden, rule)).length === 0,
    );
    run.kill('SIGTERM');
    return { ...(await run.ended), message: (err as { message: string }).message };
  };
  await ask(hidden, from('requester'));
  await Promise.all(hidden.roles.map((role) => role.kill()));

  const count = await hidden.log.commits();
  await s3.send(new DeleteBucketPolicyCommand({ Bucket: AWS_WORLD.logBucket }));
  await hide(count);
  const shortened = await refused('shortened');
  for (let number = 1; number < count; number += 1) await hide(number);
  const emptied = await refused('emptied');

  s3.destroy();
  expect(shortened).toMatchObject({ code: 0, message: expect.stringContaining('hidden by delete markers') });
  expect(emptied).toMatchObject({ code: 0, message: expect.stringContaining('hidden by delete markers') });
}, 60_000);

test('an error that nobody caught ends nothing', async () => {
  const careless = 'process.on("SIGUSR2", () => Promise.reject(new Error("planted")))';
  const run = startWorker('careless', {
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(careless)}`,
  });
  const { port } = await run.said('ready');

  run.kill('SIGUSR2');
  const { err } = await run.said('nobody caught this; everything else goes on');

  expect(err).toMatchObject({ message: 'planted' });
  expect(await get(port, '/healthz')).toBe(200);
  run.kill('SIGTERM');
  expect(await run.ended).toEqual({ code: 0, signal: null });
});

describe('both roles, started while Redis is away', () => {
  test('take a request from the question to its sealed end, on time, and stop well', async () => {
    await product.redis.stop();
    await Promise.all(product.roles.map((role) => role.kill()));
    await Promise.all(product.roles.map((role) => role.start()));

    const asked = await ask(product, from('requester'));
    await approve(product, asked);
    const { deadline } = await opened(product, asked);
    const lateMs = await lateness(product, 'requester', deadline);
    await settled(product, asked);
    const endings = await Promise.all(product.roles.map((role) => role.stop()));

    expect(lateMs).toBeLessThan(1_000);
    expect(endings).toMatchObject([{ code: 0 }, { code: 0 }]);
    await product.redis.start();
    await Promise.all(product.roles.map((role) => role.start()));
    await eventually('redis is used again', 10_000, async () => {
      const up = await Promise.all(product.roles.map((role) => role.metric('breakglass_redis_up')));
      return up.every((value) => value === 1);
    });
  }, 60_000);
});
