import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import {
  approve,
  ask,
  CHANNEL,
  form,
  from,
  idOf,
  latenessOnceBack,
  ledgerForm,
  openWindow,
  person,
  rulesOf,
  settled,
  type Asked,
  type Window,
} from '../../support/product/acts.ts';
import { forgeCommit, keyOf } from '../../support/product/forge.ts';

/** What a later version of the worker might write about a window, under the worker's own key. */
const FROM_A_NEWER_WORKER = {
  'a record of a newer format': { format: 2, type: 'window.extended', deadline: { at: 4_000_000_000 } },
  'a record of a type that is not known here': { format: 1, type: 'window.paused', until: null },
};

type Deployed = {
  product: Product;
  waiting: Asked;
  window: Window;
  answer: Record<string, string>;
  pages: unknown[];
  ready: number[];
  lateMs: number;
};

/** An older bot and worker at work, a newer worker beside them; then the older worker alone again. */
async function deploy(record: object): Promise<Deployed> {
  const product = await Product.start();
  try {
    // One of the two approvals that it takes.
    const waiting = await ask(product, ledgerForm());
    await approve(product, waiting, 'jonas');
    const window = await openWindow(product, { ...from('requester'), 'For how long': '15s' });
    const of = { at: new Date().toISOString(), request: window.id };
    await forgeCommit(product, await keyOf('worker')(product), { ...of, ...record });
    await eventually('both know that there is more than they understand', 30_000, async () => {
      const trusted = await Promise.all(product.roles.map((role) => role.metric('breakglass_log_trusted')));
      return trusted.every((value) => value === 0);
    });
    const ready = (await Promise.all(product.roles.map((role) => role.get('/readyz')))).map(
      ({ status }) => status,
    );
    await eventually('somebody is paged', 30_000, async () => (await distrusts(product)).length > 0);
    const pages = await distrusts(product);
    const back = product.worker.stop().then(() => product.worker.start());
    const [lateMs, answer] = await Promise.all([
      latenessOnceBack(product, 'requester', window.deadline, back),
      person(product, 'maya').ask(CHANNEL, form()),
      approve(product, waiting, 'priya'),
    ]);
    await settled(product, window);
    return { product, waiting, window, answer, pages, ready, lateMs };
  } catch (error) {
    await product[Symbol.asyncDispose]().catch(() => undefined);
    throw error;
  }
}

/** What somebody was paged with because a log is not trusted. */
const distrusts = async ({ client }: Product): Promise<unknown[]> =>
  (await client.pageHooks())
    .map(({ body }) => body)
    .filter((body) => (body as { kind: string }).kind === 'log-not-trusted');

const kinds = Object.keys(FROM_A_NEWER_WORKER) as (keyof typeof FROM_A_NEWER_WORKER)[];
const deployments = new Map<string, Deployed>();

beforeAll(async () => {
  await Promise.all(
    kinds.map(async (kind) => deployments.set(kind, await deploy(FROM_A_NEWER_WORKER[kind]))),
  );
}, 180_000);

afterAll(() => Promise.all([...deployments.values()].map(({ product }) => product[Symbol.asyncDispose]())));

describe.each(kinds)('%s, written by a newer worker that runs beside an older one', (kind) => {
  let deployed: Deployed;

  beforeAll(() => {
    deployed = deployments.get(kind) as Deployed;
  });

  test('keeps the older ones from opening: who asks and who approves is told so', async () => {
    const { product, waiting, window, answer } = deployed;
    const whispered = (await product.client.history(waiting.channel, idOf('priya'))).filter(
      ({ is_ephemeral }) => is_ephemeral,
    );

    expect(Object.values(answer).join()).toContain('nothing is opened');
    expect(whispered.map(({ text }) => text)).toEqual([expect.stringContaining('nothing is opened')]);
    expect((await product.log.story(waiting.id)).filter((type) => type === 'approval.given')).toHaveLength(1);
    expect(await product.log.all('open.intended')).toMatchObject([{ request: window.id }]);
  });

  test('keeps nobody from closing on time, and from telling and sealing what happened', async () => {
    const { product, window, lateMs } = deployed;
    const story = await product.log.story(window.id);
    // A worker that comes back long after the deadline finds the rule open past its end, and says so.
    const found = await product.log.all('sweep.reported', window.id);

    expect(lateMs).toBeLessThan(1_000);
    expect(story.filter((type) => type !== 'sweep.reported').slice(-5)).toEqual([
      'close.intended',
      'close.confirmed',
      'rotation.started',
      'rotation.confirmed',
      'request.sealed',
    ]);
    for (const { at, finding } of found) {
      expect(finding).toBe('overdue');
      expect(Date.parse(at)).toBeGreaterThan(window.deadline);
    }
    expect(await rulesOf(product)).toEqual([]);
  });

  test('pages somebody once, and once more when the older worker is started again on such a log', async () => {
    const { product, pages } = deployed;

    expect(pages).toHaveLength(1);
    expect(await distrusts(product)).toHaveLength(2);
  });

  test('leaves the older ones alive and ready: going back to them keeps every closing', async () => {
    const { product, ready } = deployed;
    const health = await Promise.all(product.roles.map((role) => role.get('/healthz')));

    expect(ready).toEqual([200, 200]);
    expect(health.map(({ status }) => status)).toEqual([200, 200]);
    expect(await product.worker.metric('breakglass_log_trusted')).toBe(0);
    expect(product.roles.flatMap(({ crashes }) => crashes)).toEqual([]);
  });
});
