import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { Product } from '../support/product.ts';
import { approve, ask, form, press, rulesOf, settled, type Asked } from '../support/product/acts.ts';
import { sample } from '../support/sample.ts';

/** The long form sets more: every one is a whole life of a request. */
const KILLS = Number(process.env['KILL_SWEEP_POINTS'] ?? 1);
const SEED = Number(process.env['KILL_SWEEP_SEED'] ?? 8443);
/** Calls to AWS that change or ask something, from the start of a worker to the sealed record of one request. */
const POINTS = 40;
/** Far below the length of a window. */
const PATIENCE_MS = 90_000;
const KILL_AT = fileURLToPath(new URL('../support/kill-at.mjs', import.meta.url));

let killAt = 0;
let product: Product;

beforeAll(async () => {
  product = await Product.start({
    workerEnvironment: () =>
      killAt === 0 ? {} : { NODE_OPTIONS: `--import "${KILL_AT}"`, KILL_AT: String(killAt) },
  });
}, 120_000);
afterAll(() => product[Symbol.asyncDispose]());

/** One request, whose worker is killed at that call, started again, and looked at from outside. */
async function life(point: number): Promise<readonly string[]> {
  await product.worker.stop();
  killAt = point;
  const started = product.worker.start().then(
    () => true,
    () => false,
  );
  const asked = await ask(product, form({ 'For how long': '5m' }));
  await approve(product, asked);
  const over = endEarly(asked).then(() => settled(product, asked, PATIENCE_MS));
  await product.worker.ends(over.catch(() => undefined));
  await started;
  killAt = 0;
  if (product.worker.pid === 0) await product.worker.start();
  try {
    await over;
  } catch (error) {
    return [`${String(error)} after ${(await product.log.story(asked.id)).join(' ')}`];
  }
  return violations(asked);
}

/** Its requester is done as soon as it is open. */
async function endEarly(asked: Asked): Promise<void> {
  await product.log.until('open.confirmed', asked.id, PATIENCE_MS);
  await press(product, 'maya', asked, 'I’m done');
}

async function violations({ id }: Asked): Promise<readonly string[]> {
  const found: string[] = [];
  const count = async (type: Parameters<typeof product.log.all>[0]) =>
    (await product.log.all(type, id)).length;
  const once = ['open.intended', 'open.confirmed', 'close.confirmed', 'rotation.confirmed', 'request.sealed'];
  for (const type of once) {
    const times = await count(type as Parameters<typeof product.log.all>[0]);
    if (times !== 1) found.push(`${type} ${times} times`);
  }
  if ((await rulesOf(product, id)).length > 0) found.push('left open');
  if ((await product.calls('AuthorizeSecurityGroupIngress', id)).filter(({ ok }) => ok).length !== 1)
    found.push('authorized more or less than once');
  const isClosed = async () => (await product.probe('requester')).open === false;
  await eventually('closed', 30_000, isClosed).catch(() => found.push('still lets somebody in'));
  return found;
}

describe('a worker that is killed', () => {
  test(
    `at any call to AWS leaves nothing open, and one sealed record (${KILLS} of ${POINTS} points, seed ${SEED})`,
    async () => {
      const found: string[] = [];
      const points = sample(POINTS, KILLS, SEED);
      for (const point of points) {
        const wrong = await life(point);
        found.push(...wrong.map((violation) => `${point}: ${violation}`));
        process.stdout.write(`killed at call ${point}: ${wrong.length} violations\n`);
      }
      process.stdout.write(`kill sweep: ${points.length} points, ${found.length} violations\n`);

      expect(found).toEqual([]);
    },
    60_000 + KILLS * 120_000,
  );
});
