import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
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

/** What was deployed before the workers of these tests: it has a log, and nobody is at work. */
let product: Product;
/** A whole life of a request takes a while: it goes on beside everything else. */
let withoutRedis: ReturnType<typeof liveWithoutRedis>;

beforeAll(async () => {
  withoutRedis = liveWithoutRedis();
  withoutRedis.catch(() => undefined);
  product = await Product.start();
  await ask(product, from('requester'));
  await Promise.all(product.roles.map((role) => role.kill()));
}, 60_000);

afterAll(async () => {
  await Promise.allSettled([withoutRedis]);
  await product[Symbol.asyncDispose]();
}, 90_000);

/** A worker, whose end is the test's own. */
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
    await eventually('closed', 30_000, async () => (await rulesOf(product, request)).length === 0);

    await product.client.faults({ 's3.down': null, 'slack.down': null });
    run.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });

  test('wakes somebody where AWS refuses to revoke that, goes on trying, and records it once it can', async () => {
    const refused = { action: 'RevokeSecurityGroupIngress', code: 'UnauthorizedOperation', count: 1_000 };
    await product.client.faults({ 's3.down': true, 'aws.fail': refused });
    const run = startWorker('refused', { BREAKGLASS_PAGE_URL: '' });

    const request = await overdueRule(product);
    const { alert } = await run.said('nobody was paged: BREAKGLASS_PAGE_URL is not set');
    await product.client.faults({ 'aws.fail': null });
    await eventually('closed', 30_000, async () => (await rulesOf(product, request)).length === 0);
    await product.client.faults({ 's3.down': null });
    const recorded = await eventually('recorded', 30_000, async () => {
      const found = await product.log.all('sweep.reported', request);
      return found.length === 2 && found;
    });

    expect(alert).toMatchObject({
      kind: 'close-late',
      request,
      command: expect.stringMatching(/^aws ec2 revoke-security-group-ingress .* sgr-[0-9a-f]+$/),
    });
    expect(recorded).toMatchObject([
      { finding: 'not-closed' },
      { finding: 'overdue', awsRequests: [expect.any(String)] },
    ]);
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

describe('a port that something else listens on', () => {
  const environment = (role: 'bot' | 'worker') =>
    environmentOf(role, { ...product.settings, delivery: 'http' });
  let taken: Server;
  let port: string;

  beforeAll(async () => {
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    port = String((taken.address() as AddressInfo).port);
  });

  afterAll(() => void taken.close());

  test.each([
    ['PORT', 'bot'],
    ['BREAKGLASS_HTTP_PORT', 'bot'],
    ['BREAKGLASS_HTTP_PORT', 'worker'],
  ] as const)('as %s of a %s: it ends with exit code 2, and says what to change', async (name, role) => {
    const log = join(product.folder, `taken-${name}-${role}.log`);
    const run = startRole(role, { ...environment(role), [name]: port }, log);

    const ending = await run.ended;

    expect(ending).toEqual({ code: 2, signal: null });
    expect(run.complaint()).toBe(
      `Port ${port} cannot be used (something else listens there already): free it, or set ${name} to another one.`,
    );
  });

  test('as PORT of a process that is the worker as well: it closes on, says so, and is not ready', async () => {
    const both = { ...environment('bot'), ...environment('worker'), PORT: port };
    const run = startRole('all', both, join(product.folder, 'taken-all.log'));
    const { err } = await run.said('slack cannot reach this process; what is open is closed all the same');
    const listening = await run.said('ready');

    const rule = await overdueRule(product);
    await eventually('closed', 30_000, async () => (await rulesOf(product, rule)).length === 0);

    expect(err).toMatchObject({ message: expect.stringMatching(/^Port \d+ .* set PORT to another one\.$/) });
    expect(await get(listening['port'], '/readyz')).toBe(503);
    run.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });
});

test('a private key that others may read is warned of by name, and used', async () => {
  const { worker: file } = product.settings.keys.paths;
  await chmod(file, 0o640);
  const run = startWorker('exposed');

  const warning = await run.said(`others than its owner may read this private key: chmod 600 ${file}`);
  await run.said('ready');

  await chmod(file, 0o600);
  expect(warning).toMatchObject({ level: 'warn', file });
  run.kill('SIGTERM');
  expect(await run.ended).toEqual({ code: 0, signal: null });
});

test('a log whose end is hidden by a delete marker is refused, and none is begun over it; sweeping goes on', async () => {
  const s3 = new S3Client({
    endpoint: product.surroundings.sandbox.urls.aws,
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
  const pages = async () =>
    (await product.client.pageHooks()).filter(({ body }) => JSON.stringify(body).includes('log-not-trusted'))
      .length;
  const refused = async (name: string) => {
    const before = await pages();
    const run = startWorker(name);
    const { err } = await run.said('the log cannot be trusted; nothing but the sweep works');
    await eventually('somebody is paged', 30_000, async () => (await pages()) > before);
    const rule = await overdueRule(product);
    await eventually(
      'what is overdue is closed',
      30_000,
      async () => (await rulesOf(product, rule)).length === 0,
    );
    run.kill('SIGTERM');
    return { ...(await run.ended), message: (err as { message: string }).message };
  };

  const count = await product.log.commits();
  await s3.send(new DeleteBucketPolicyCommand({ Bucket: AWS_WORLD.logBucket }));
  await hide(count);
  const shortened = await refused('shortened');
  for (let number = 1; number < count; number += 1) await hide(number);
  const emptied = await refused('emptied');

  s3.destroy();
  expect(shortened).toMatchObject({ code: 0, message: expect.stringContaining('hidden by delete markers') });
  expect(emptied).toMatchObject({ code: 0, message: expect.stringContaining('hidden by delete markers') });
}, 90_000);

test('both roles, started while Redis is away, take a request from the question to its sealed end, on time, and stop well, and use it once it is back', async () => {
  const { lateMs, endings, up } = await withoutRedis;

  expect(lateMs).toBeLessThan(1_000);
  expect(endings).toMatchObject([{ code: 0 }, { code: 0 }]);
  expect(up).toEqual([1, 1]);
}, 90_000);

async function liveWithoutRedis() {
  await using away = await Product.start({
    secure: async (redis) => {
      await redis.stop();
      return () => ({});
    },
  });
  const asked = await ask(away, from('requester'));
  await approve(away, asked);
  const { deadline } = await opened(away, asked);
  const lateMs = await lateness(away, 'requester', deadline);
  await settled(away, asked);
  const endings = await Promise.all(away.roles.map((role) => role.stop()));
  await away.redis.start();
  await Promise.all(away.roles.map((role) => role.start()));
  const up = () => Promise.all(away.roles.map((role) => role.metric('breakglass_redis_up')));
  await eventually('redis is used again', 30_000, async () => (await up()).every((value) => value === 1));
  return { lateMs, endings, up: await up() };
}
