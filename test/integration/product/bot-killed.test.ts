import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { on } from '../../../src/sandbox/client.ts';
import { Product } from '../../support/product.ts';
import {
  approve,
  ask,
  from,
  lateness,
  ledgerForm,
  opened,
  posted,
  press,
  settled,
  type Asked,
} from '../../support/product/acts.ts';

const WHOLE_THREAD = ['card', 'approved:1', 'open', 'closed', 'rotated', 'audit', 'sealed'].toSorted();

describe('a bot that is killed', () => {
  let product: Product;
  let early: Asked;
  let late: Asked;
  let pending: Asked;
  let lateMs: number[];

  // One window whose bot dies in the middle of telling that it is open, one that lives on without any bot until it is closed.
  beforeAll(async () => {
    product = await Product.start();
    pending = await ask(product, ledgerForm());
    early = await ask(product, from('requester'));
    late = await ask(product, { ...from('stranger'), 'For how long': '11s' });
    await using watch = await product.client.watch();
    await approve(product, early);
    await watch.until(
      on('slack.message', ({ message }) => {
        const { request, key } = message.metadata?.event_payload ?? {};
        return request === early.id && key === 'open';
      }),
      30_000,
    );
    lateMs = await Promise.all([
      opened(product, early).then(({ deadline }) => lateness(product, 'requester', deadline)),
      withoutBot(),
    ]);
    await product.log.until('rotation.confirmed', late.id, 30_000);
    await product.bot.start();
    await Promise.all([settled(product, early), settled(product, late)]);
  }, 180_000);

  afterAll(() => product[Symbol.asyncDispose]());

  async function withoutBot(): Promise<number> {
    await product.bot.kill();
    await product.bot.start();
    await approve(product, late);
    const { deadline } = await opened(product, late);
    await product.bot.kill();
    return lateness(product, 'stranger', deadline);
  }

  test('keeps no window open past its deadline', () => {
    expect(Math.max(...lateMs)).toBeLessThan(1_000);
  });

  test('posts nothing twice and leaves nothing out once it is back', async () => {
    const threads = [await posted(product, early), await posted(product, late)];

    expect(threads.map((messages) => messages.map(({ key }) => key).toSorted())).toEqual([
      WHOLE_THREAD,
      WHOLE_THREAD,
    ]);
  });

  test('brings the cards up to date', async () => {
    const cards = [...(await posted(product, early)), ...(await posted(product, late))].filter(
      ({ key }) => key === 'card',
    );

    expect(cards).toHaveLength(2);
    for (const { message } of cards) expect(JSON.stringify(message.blocks)).toContain('record sealed');
  });

  test('still answers for what was asked before', async () => {
    await press(product, 'jonas', pending, 'Deny');

    await settled(product, pending);
    expect(await product.log.story(pending.id)).toEqual([
      'request.asked',
      'request.denied',
      'request.sealed',
    ]);
  }, 120_000);

  test('asks for no second opening and no second closing', async () => {
    for (const { id } of [early, late]) {
      expect(await product.calls('AuthorizeSecurityGroupIngress', id)).toHaveLength(1);
      expect(await product.log.all('close.confirmed', id)).toHaveLength(1);
      expect(await product.log.all('request.sealed', id)).toHaveLength(1);
    }
  });
});
