import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { on } from '../../../src/sandbox/client.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import {
  approve,
  ask,
  from,
  latenessOnceBack,
  opened,
  rulesOf,
  settled,
  switchesOf,
  type Asked,
} from '../../support/product/acts.ts';

const ONCE = { authorized: 1, confirmed: 1, rotated: 1, sealed: 1 };

async function counts(product: Product, { id }: Asked) {
  return {
    authorized: (await product.calls('AuthorizeSecurityGroupIngress', id)).length,
    confirmed: (await product.log.all('close.confirmed', id)).length,
    rotated: (await product.log.all('rotation.confirmed', id)).length,
    sealed: (await product.log.all('request.sealed', id)).length,
  };
}

/** Killed before it opens what was approved, again while it is open, and again once the rule is revoked. */
async function throughOneWindow(product: Product) {
  const asked = await ask(product, from('requester'));
  await product.worker.kill();
  await approve(product, asked);
  await product.log.until('approval.given', asked.id, 30_000);
  const rulesBefore = await rulesOf(product);
  await product.worker.start();
  const { deadline } = await opened(product, asked);
  await using watch = await product.client.watch();
  await product.worker.kill();
  const back = product.worker.start();
  const revoked = watch.until(
    on('aws.rules', ({ rules }) => rules.every(({ tags }) => tags['breakglass:request'] !== asked.id)),
    60_000,
  );
  const killed = Promise.all([revoked, back])
    .then(() => product.worker.kill())
    .then(() => Date.now());
  const [lateMs, killedAt] = await Promise.all([
    latenessOnceBack(product, 'requester', deadline, back),
    killed,
  ]);
  await product.worker.start();
  await settled(product, asked);
  return { asked, rulesBefore, lateMs, killedAt };
}

/** Killed while one window is open and another one is half opened; back when the first one's deadline has passed. */
async function acrossADeadline(product: Product) {
  const overdue = await ask(product, from('stranger'));
  const halfway = await ask(product, { ...from('approver'), 'For how long': '14s' });
  await approve(product, overdue);
  const { deadline } = await opened(product, overdue);
  // The call is carried out, and the worker dies before it hears of it.
  await product.client.faults({ 'aws.lose': { action: 'AuthorizeSecurityGroupIngress', count: 1 } });
  await approve(product, halfway);
  await eventually('the second rule', 30_000, async () => (await rulesOf(product, halfway.id)).length > 0);
  await product.worker.kill();
  const intended = await product.log.until('open.intended', halfway.id, 0);
  await pause(Math.max(0, deadline + 1_000 - Date.now()));
  const back = product.worker.start();
  const [closedAfterMs, lateMs] = await Promise.all([
    latenessOnceBack(product, 'stranger', deadline, back),
    latenessOnceBack(product, 'approver', intended.deadline * 1000, back),
  ]);
  await Promise.all([settled(product, overdue), settled(product, halfway)]);
  return { overdue, halfway, closedAfterMs, lateMs };
}

const products: Product[] = [];
let one: Awaited<ReturnType<typeof throughOneWindow>>;
let two: Awaited<ReturnType<typeof acrossADeadline>>;

beforeAll(async () => {
  products.push(...(await Promise.all([Product.start(), Product.start()])));
  const [first, second] = products as [Product, Product];
  [one, two] = await Promise.all([throughOneWindow(first), acrossADeadline(second)]);
}, 180_000);

afterAll(() => Promise.all(products.map((product) => product[Symbol.asyncDispose]())));

describe('the only worker is killed between approval and opening, while open, and right after the revoke', () => {
  test('the next one opens what was approved, and nothing was open before', () => {
    expect(one.rulesBefore).toEqual([]);
  });

  test('the next one closes it on time', () => {
    expect(one.lateMs).toBeLessThan(1_000);
  });

  test('the last one proves what the one before had only begun', async () => {
    const [confirmed] = (await products[0]?.log.all('close.confirmed', one.asked.id)) ?? [];

    expect(Date.parse(confirmed?.at ?? '')).toBeGreaterThan(one.killedAt);
  });

  test('each step is recorded once', async () => {
    expect(await counts(products[0] as Product, one.asked)).toEqual(ONCE);
  });
});

describe('the only worker is killed before a deadline, and in the middle of another opening', () => {
  test('the next one closes what is overdue within two seconds of its start', () => {
    expect(two.closedAfterMs).toBeLessThan(2_000);
  });

  test('what may have been opened is closed at its deadline, by whoever lives then', () => {
    expect(two.lateMs).toBeLessThan(2_000);
  });

  test('each step is recorded once', async () => {
    expect(await counts(products[1] as Product, two.overdue)).toEqual(ONCE);
    expect(await counts(products[1] as Product, two.halfway)).toEqual(ONCE);
  });
});

test('nothing is left behind by either', async () => {
  for (const product of products) {
    expect(await rulesOf(product)).toEqual([]);
    expect(await switchesOf(product)).toEqual([]);
  }
});
