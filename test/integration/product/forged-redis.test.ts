import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { ScheduleSnapshot } from '../../../src/sandbox/client-types.ts';
import { Product } from '../../support/product.ts';
import {
  ask,
  from,
  idOf,
  lateness,
  ledgerForm,
  openWindow,
  press,
  rulesOf,
  settled,
  type Asked,
  type Window,
} from '../../support/product/acts.ts';

const PREFIX = '{breakglass/demo}';
const NUDGES = `${PREFIX}:head`;
const GIANT = 'x'.repeat(4_000_000);

const FLOOD_MS = 2_000;

/** Reminders of requests that never were, more than anybody could have made. */
async function remindOfNothing(url: string): Promise<void> {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue('requests', { connection, prefix: PREFIX });
  const job = (each: number) => ({ name: 'due', data: { request: `bg-${String(each).padStart(10, '0')}` } });
  await queue.addBulk(Array.from({ length: 10_000 }, (_, each) => job(each)));
  await queue.close();
  connection.disconnect();
}

/** Says again and again that the log has grown. Answers when it began. */
async function flood(url: string): Promise<number> {
  const connection = new Redis(url);
  const began = Date.now();
  while (Date.now() - began < FLOOD_MS)
    await Promise.all(Array.from({ length: 50 }, () => connection.publish(NUDGES, '')));
  connection.disconnect();
  return began;
}

/** Everything somebody can think of who may write to Redis and wants a port open. */
async function forge(url: string, requests: readonly string[], window: Window): Promise<void> {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue('requests', { connection, prefix: PREFIX });
  queue.on('error', () => undefined);
  try {
    const names = ['now', 'due', 'open', 'approve', 'open.intended', 'close', '__proto__', ''];
    for (const request of [...requests, 'bg-0000000000', '', '../../log/1', '__proto__', 'constructor']) {
      for (const name of names) {
        await queue.add(name, {
          request,
          approved: true,
          state: 'approved',
          approvers: [idOf('priya')],
          deadline: 4_000_000_000,
        });
      }
      await queue.add('due', { request }, { delay: 500 });
      await queue.add('due', { request }, { delay: 1_500, priority: 1 });
    }
    // The very reminder of the open window, put off for a year.
    const jobId = `${window.id}-${window.deadline}`;
    await queue.remove(jobId);
    await queue.add('due', { request: window.id }, { jobId, delay: 31_536_000_000 });

    const shapes: unknown[] = [
      null,
      [],
      'open',
      42,
      { request: { id: requests[0] } },
      { request: requests },
      { request: GIANT },
      { request: requests[0], blob: GIANT },
      JSON.parse(`{"__proto__":{"request":"${requests[0]}","approved":true}}`),
      JSON.parse(`{"constructor":{"prototype":{"approved":true}},"request":"${requests[0]}"}`),
    ];
    for (const data of shapes) await queue.add('now', data);

    // Jobs that no library would write.
    await connection.hset(`${PREFIX}:requests:broken`, {
      name: 'now',
      data: '{not json',
      opts: '][',
      timestamp: 'never',
    });
    await connection.lpush(`${PREFIX}:requests:wait`, 'broken', 'not-there', '0:0', '');
    await connection.set(`${PREFIX}:requests:broken2`, 'a string where a hash belongs');
    await connection.lpush(`${PREFIX}:requests:wait`, 'broken2');

    // A cache, for whoever would believe one.
    for (const request of requests) {
      const state = JSON.stringify({
        id: request,
        state: 'approved',
        approvals: [{ approver: idOf('priya') }],
      });
      for (const key of [
        `${PREFIX}:state`,
        `${PREFIX}:requests:state`,
        `${PREFIX}:${request}`,
        `breakglass:${request}`,
      ])
        await connection.set(`${key}:${request}`, state);
      await connection.hset(`${PREFIX}:projection`, request, state);
    }

    const messages = [
      '',
      'open',
      requests[0] ?? '',
      JSON.stringify({ request: requests[0], approved: true }),
      GIANT,
    ];
    for (let round = 0; round < 100; round += 1)
      await Promise.all(
        messages.map((message) => connection.publish(NUDGES, round === 0 ? message : message.slice(0, 100))),
      );
  } finally {
    await queue.close();
    connection.disconnect();
  }
}

describe('somebody who can write to Redis', () => {
  let product: Product;
  let pending: Asked;
  let denied: Asked;
  let window: Window;
  let before: { tags: Record<string, string>[]; schedules: ScheduleSnapshot[] };
  let during: typeof before;
  let lateMs: number;
  let floodedAt: number;

  const standing = async (): Promise<typeof before> => ({
    tags: (await rulesOf(product)).map(({ tags }) => tags),
    schedules: (await product.client.state()).aws.schedules,
  });

  beforeAll(async () => {
    product = await Product.start();
    pending = await ask(product, ledgerForm());
    denied = await ask(product, from('stranger'));
    await press(product, 'priya', denied, 'Deny');
    await settled(product, denied);
    window = await openWindow(product, { ...from('requester'), 'For how long': '20s' });
    before = await standing();
    await forge(product.redis.url, [pending.id, denied.id, window.id], window);
    await product.redis.with((redis) => redis.flushall());
    await forge(product.redis.url, [pending.id, denied.id, window.id], window);
    await remindOfNothing(product.redis.url);
    // The queue's own keys, of a kind that no script of the queue can work with.
    await product.redis.with(async (redis) => {
      for (const name of ['wait', 'delayed', 'active', 'marker', 'meta', 'events'])
        await redis.multi().del(`${PREFIX}:requests:${name}`).set(`${PREFIX}:requests:${name}`, 'x').exec();
    });
    floodedAt = await flood(product.redis.url);
    during = await standing();
    lateMs = await lateness(product, 'requester', window.deadline);
    await settled(product, window);
  }, 180_000);

  afterAll(() => product[Symbol.asyncDispose]());

  test('opens nothing: there is no call without an approval in the log', async () => {
    const calls = await product.calls('AuthorizeSecurityGroupIngress');

    expect(calls.map(({ input }) => JSON.stringify(input).includes(window.id))).toEqual([true]);
    expect(await product.log.story(pending.id)).toEqual(['request.asked']);
    expect(await product.log.story(denied.id)).toEqual(['request.asked', 'request.denied', 'request.sealed']);
    expect(await product.log.all('open.intended')).toHaveLength(1);
  });

  test('moves no end: the tag and the switch of what is open stay as they were', async () => {
    expect(during).toEqual(before);
    expect(before.tags).toMatchObject([{ 'breakglass:expires-at': String(window.intended.deadline) }]);
    expect(await product.calls('CreateTags')).toEqual([]);
  });

  test('stops no closing: it comes on time, and the request goes on to its seal', async () => {
    expect(lateMs).toBeLessThan(1_000);
    expect((await product.log.story(window.id)).slice(-5)).toEqual([
      'close.intended',
      'close.confirmed',
      'rotation.started',
      'rotation.confirmed',
      'request.sealed',
    ]);
  });

  test('cannot make anybody read the log more than some times a second', async () => {
    const lists = (await product.calls('ListObjectsV2')).filter(({ at }) => {
      const after = Date.parse(at) - floodedAt;
      return after >= 0 && after < FLOOD_MS;
    });

    const readers = [...new Set(lists.map(({ role }) => role))];
    const counts = readers.map((reader) => lists.filter(({ role }) => role === reader).length);
    expect(counts).toHaveLength(2);
    // Ten at once, ten a second, and what each does of its own accord.
    expect(Math.max(...counts)).toBeLessThan(10 + 10 * (FLOOD_MS / 1_000) + 15);
  });

  test('revives nothing by sending again what was sent when a window was open', async () => {
    const story = await product.log.story(window.id);
    const calls = (await product.calls('AuthorizeSecurityGroupIngress')).length;

    await product.redis.with((redis) => redis.flushall());
    await forge(product.redis.url, [window.id], window);

    expect(await product.log.story(window.id)).toEqual(story);
    expect(await product.calls('AuthorizeSecurityGroupIngress')).toHaveLength(calls);
    expect((await product.probe('requester')).open).toBe(false);
  });

  test('brings no process down: both are alive, and answer for what was asked before', async () => {
    const health = await Promise.all(product.roles.map((role) => role.get('/healthz')));
    await press(product, 'jonas', pending, 'Deny');
    await settled(product, pending);

    expect(health.map(({ status }) => status)).toEqual([200, 200]);
    expect(product.roles.flatMap(({ crashes }) => crashes)).toEqual([]);
  });
});
