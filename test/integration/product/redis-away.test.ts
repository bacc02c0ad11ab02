import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import {
  approve,
  ask,
  from,
  lateness,
  opened,
  openWindow,
  posted,
  press,
  rulesOf,
  settled,
  type Asked,
  type Window,
} from '../../support/product/acts.ts';

const NUDGES = '{breakglass/demo}:head';

describe('Redis is stopped while a window is open', () => {
  let product: Product;
  let before: Window;
  let during: Asked;
  let openedAfterMs: number;
  let lateMs: number[];

  beforeAll(async () => {
    product = await Product.start();
    before = await openWindow(product, from('requester'));
    await product.redis.stop();
    lateMs = await Promise.all([lateness(product, 'requester', before.deadline), openMeanwhile()]);
    await Promise.all([settled(product, before), settled(product, during)]);
  }, 180_000);

  afterAll(() => product[Symbol.asyncDispose]());

  async function openMeanwhile(): Promise<number> {
    during = await ask(product, from('stranger'));
    await approve(product, during);
    const { confirmed, deadline } = await opened(product, during);
    const approved = await product.log.until('approval.given', during.id, 0);
    openedAfterMs = Date.parse(confirmed.at) - Date.parse(approved.at);
    return lateness(product, 'stranger', deadline);
  }

  test('what was open closes within a second of its deadline', () => {
    expect(lateMs[0]).toBeLessThan(1_000);
  });

  test('what is asked and approved meanwhile opens all the same, within seconds, and closes on time', () => {
    expect(openedAfterMs).toBeLessThan(5_000);
    expect(lateMs[1]).toBeLessThan(1_000);
  });

  test('both are closed, rotated, sealed and told to their end without it', async () => {
    for (const asked of [before, during]) {
      expect((await product.log.story(asked.id)).slice(-5)).toEqual([
        'close.intended',
        'close.confirmed',
        'rotation.started',
        'rotation.confirmed',
        'request.sealed',
      ]);
      expect((await posted(product, asked)).map(({ key }) => key)).toEqual(
        expect.arrayContaining(['card', 'audit', 'sealed']),
      );
    }
    expect(await rulesOf(product)).toEqual([]);
  });

  test('both roles are alive, and ready, without it', async () => {
    const answers = await Promise.all(
      product.roles.flatMap((role) => [role.get('/healthz'), role.get('/readyz')]),
    );

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  test('once it is back, both sides use it again', async () => {
    const asked = await ask(product, from('requester'));
    await product.redis.start();

    const listeners = await eventually('both listen again', 30_000, () =>
      product.redis.with(async (redis) => {
        const [, count] = (await redis.pubsub('NUMSUB', NUDGES)) as [string, number];
        return count === 2 && count;
      }),
    );
    await product.redis.with(async (redis) => {
      await redis.subscribe(NUDGES);
      const nudged = once(redis, 'message');
      await press(product, 'jonas', asked, 'Deny');
      await nudged;
    });
    await settled(product, asked);
    expect(listeners).toBe(2);
  }, 120_000);
});
