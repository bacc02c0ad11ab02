import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RecordType } from '../../src/domain/records.ts';
import { eventually } from '../support/eventually.ts';
import { Product } from '../support/product.ts';
import {
  approve,
  ask,
  form,
  press,
  rulesOf,
  settled,
  switchesOf,
  type Asked,
} from '../support/product/acts.ts';
import { sample } from '../support/sample.ts';

/** The long form sets more: every one is a whole life of a request. */
const KILLS = Number(process.env['KILL_SWEEP_POINTS'] ?? 1);
const SEED = Number(process.env['KILL_SWEEP_SEED'] ?? 8443);
/** Far below the length of a window. */
const PATIENCE_MS = 90_000;
const KILL_AT = fileURLToPath(new URL('../support/kill-at.mjs', import.meta.url));

let killAt = 0;
let product: Product;

type Life = {
  readonly name: string;
  /** Calls to AWS that change or ask something, from the start of a worker to the sealed record: at least so many. */
  readonly calls: number;
  /** What people do once it is open. */
  readonly people: (asked: Asked) => Promise<void>;
  readonly once: readonly RecordType[];
};
const ENDED: Life = {
  name: 'that is ended early',
  calls: 40,
  people: (asked) => press(product, 'maya', asked, 'I’m done'),
  once: ['open.intended', 'open.confirmed', 'close.confirmed', 'rotation.confirmed', 'request.sealed'],
};
const PROLONGED: Life = {
  name: 'that is prolonged, and then ended early',
  calls: 45,
  people: async (asked) => {
    await press(product, 'maya', asked, 'Extend by 30m');
    await press(product, 'priya', asked, 'Approve extension');
    await product.log.until('window.extended', asked.id, PATIENCE_MS);
    await ENDED.people(asked);
  },
  once: [...ENDED.once, 'window.extended'],
};
const POINTS = [ENDED, PROLONGED].flatMap((life) =>
  Array.from({ length: life.calls }, (_, position) => ({ life, call: position + 1 })),
);

beforeAll(async () => {
  product = await Product.start({
    workerEnvironment: () =>
      killAt === 0 ? {} : { NODE_OPTIONS: `--import "${KILL_AT}"`, KILL_AT: String(killAt) },
  });
}, 120_000);
afterAll(() => product[Symbol.asyncDispose]());

/** One request, whose worker is killed at that call, started again, and looked at from outside. */
async function live({ life, call }: (typeof POINTS)[number]): Promise<readonly string[]> {
  await product.worker.stop();
  const others = await rulesOfOthers();
  killAt = call;
  const started = product.worker.start().then(
    () => true,
    () => false,
  );
  const asked = await ask(product, form({ 'For how long': '5m' }));
  await approve(product, asked);
  const over = product.log
    .until('open.confirmed', asked.id, PATIENCE_MS)
    .then(() => life.people(asked))
    .then(() => settled(product, asked, PATIENCE_MS));
  const ending = await product.worker.ends(over.catch(() => undefined));
  await started;
  killAt = 0;
  if (product.worker.pid === 0) await product.worker.start();
  try {
    await over;
  } catch (error) {
    return [`${String(error)} after ${(await product.log.story(asked.id)).join(' ')}`];
  }
  const found = await violations(asked, life);
  if (ending?.signal !== 'SIGKILL') found.push('it was over before that call, and nobody was killed');
  if ((await rulesOfOthers()) !== others) found.push('a rule of somebody else was touched');
  return found;
}

async function violations({ id }: Asked, { once }: Life): Promise<string[]> {
  const found: string[] = [];
  for (const type of once) {
    const times = (await product.log.all(type, id)).length;
    if (times !== 1) found.push(`${type} ${times} times`);
  }
  if ((await rulesOf(product, id)).length > 0) found.push('left open');
  const switches = (await switchesOf(product)).map(({ name }) => name);
  if (switches.length > 0) found.push(`a switch is left: ${switches.join(', ')}`);
  if ((await product.calls('AuthorizeSecurityGroupIngress', id)).filter(({ ok }) => ok).length !== 1)
    found.push('authorized more or less than once');
  const isClosed = async () => (await product.probe('requester')).open === false;
  await eventually('closed', 30_000, isClosed).catch(() => found.push('still lets somebody in'));
  return found;
}

/** Everything that stands in AWS and is not ours, as text. */
async function rulesOfOthers(): Promise<string> {
  const { aws } = await product.client.state();
  const rules = aws.securityGroups.flatMap(({ id, rules: all }) =>
    all.map((rule) => ({ group: id, ...rule })),
  );
  return JSON.stringify(rules.filter(({ tags }) => !('breakglass:request' in tags)));
}

describe('a worker that is killed', () => {
  test(
    `at any call to AWS leaves nothing open, and one sealed record (${KILLS} of ${POINTS.length} points, seed ${SEED})`,
    async () => {
      const found: string[] = [];
      const points = sample(POINTS.length, KILLS, SEED).flatMap((n) => POINTS[n - 1] ?? []);
      for (const point of points) {
        const wrong = await live(point);
        const at = `call ${point.call} of a life ${point.life.name}`;
        found.push(...wrong.map((violation) => `${at}: ${violation}`));
        process.stdout.write(`killed at ${at}: ${wrong.length} violations\n`);
      }
      process.stdout.write(`kill sweep: ${points.length} points, ${found.length} violations\n`);

      expect(points).toHaveLength(Math.min(KILLS, POINTS.length));
      expect(found).toEqual([]);
    },
    60_000 + KILLS * 120_000,
  );
});
