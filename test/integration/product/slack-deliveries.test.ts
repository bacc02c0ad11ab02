import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AUTHOR } from '../../../src/domain/records.ts';
import type { Delivery, RedeliverResult } from '../../../src/sandbox/client.ts';
import { Product } from '../../support/product.ts';
import { ask, CHANNEL, from, idOf, posted, press, settled, type Asked } from '../../support/product/acts.ts';

const TAKEN = { ok: true, status: 200 };
const REFUSED = 'breakglass_refused_signatures_total';

let product: Product;
let asked: Asked;

beforeAll(async () => {
  product = await Product.start({ delivery: 'http' });
  asked = await ask(product, from('requester'));
}, 120_000);

afterAll(() => product[Symbol.asyncDispose]());

/** The newest delivery of this kind. */
async function last(type: string): Promise<Delivery> {
  const found = (await product.client.deliveries()).findLast((delivery) => delivery.type === type);
  if (found === undefined) throw new Error(`there was no ${type}`);
  return found;
}

const again = async (
  type: string,
  forge: Parameters<Product['client']['redeliver']>[1] = {},
): Promise<RedeliverResult> => product.client.redeliver((await last(type)).id, forge);

/** What a delivery that changed nothing leaves as it was; the worker's sweep writes whenever it finds something. */
const everything = async () => ({
  records: (await product.log.records()).filter(({ type }) => AUTHOR[type] === 'bot').length,
  messages: (await product.client.history(CHANNEL, idOf('jonas'))).length,
});

describe('a delivery that Slack did not sign, or not now', () => {
  test.each([
    ['somebody else’s signature', { signature: 'bad' as const }],
    ['no signature', { signature: 'missing' as const }],
    ['a good signature of six minutes ago', { ageSeconds: 360 }],
  ])('%s: refused with 401, counted, and without any effect', async (_, forge) => {
    const before = await everything();
    const counted = await product.bot.metric(REFUSED);

    const answers = [await again('slash_command', forge), await again('view_submission', forge)];

    expect(answers).toEqual([
      { ok: false, status: 401 },
      { ok: false, status: 401 },
    ]);
    expect(await product.bot.metric(REFUSED)).toBe(counted + 2);
    expect(await everything()).toEqual(before);
  });

  test('one that is a little late is taken', async () => {
    expect(await again('slash_command', { ageSeconds: 60 })).toEqual({ ok: true, status: 200 });
  });
});

describe('the same delivery again', () => {
  test('of a submitted form: no second request, no second card', async () => {
    const before = await everything();

    const answers = await Promise.all([
      again('view_submission'),
      again('view_submission'),
      again('view_submission'),
    ]);

    expect(answers).toEqual([TAKEN, TAKEN, TAKEN]);
    expect(await product.log.all('request.asked')).toHaveLength(1);
    expect((await posted(product, asked)).map(({ key }) => key)).toEqual(['card']);
    expect((await everything()).records).toBe(before.records);
  });

  test('of the command: nothing in the log', async () => {
    const before = await everything();

    const answer = await again('slash_command');

    expect(answer).toEqual({ ok: true, status: 200 });
    expect(await everything()).toEqual(before);
  });

  test('of a click that decided: it is decided once, and stays so', async () => {
    await press(product, 'priya', asked, 'Deny');
    await product.log.until('request.denied', asked.id, 20_000);

    const early = await Promise.all([again('block_actions'), again('block_actions')]);
    await settled(product, asked);
    const late = await again('block_actions');

    expect([...early, late]).toEqual([TAKEN, TAKEN, TAKEN]);
    expect((await product.log.story(asked.id)).filter((type) => type !== 'action.refused')).toEqual([
      'request.asked',
      'request.denied',
      'request.sealed',
    ]);
  });

  test('of the form, when its request is long over: it is not asked again', async () => {
    await again('view_submission');

    expect(await product.log.all('request.asked')).toHaveLength(1);
    expect((await posted(product, asked)).filter(({ key }) => key === 'card')).toHaveLength(1);
  });
});
