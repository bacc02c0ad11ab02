import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKey, pemSigner, type Signer } from '../../../src/log/index.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import {
  ask,
  CHANNEL,
  form,
  from,
  idOf,
  lateness,
  openWindow,
  person,
  press,
  type Asked,
  type Window,
} from '../../support/product/acts.ts';
import { forgeCommit, keyOf, ORIGIN } from '../../support/product/forge.ts';

type Forged = {
  product: Product;
  pending: Asked;
  window: Window;
  lateMs: number;
  answer: Record<string, string>;
};

/** A window is open and a request waits; then its approval appears in the log, signed by somebody who may not give it. */
async function withForgedApproval(signerOf: (product: Product) => Promise<Signer>): Promise<Forged> {
  const product = await Product.start();
  try {
    const pending = await ask(product, from('stranger'));
    const window = await openWindow(product, { ...from('requester'), 'For how long': '16s' });
    // Watched from now on, however long the rest takes.
    const late = lateness(product, 'requester', window.deadline);
    late.catch(() => undefined);
    const [real] = await product.log.all('approval.given', window.id);
    await forgeCommit(product, await signerOf(product), { ...real, request: pending.id });
    await eventually('both distrust the log', 40_000, async () => {
      const trusted = await Promise.all(product.roles.map((role) => role.metric('breakglass_log_trusted')));
      return trusted.every((value) => value === 0);
    });
    const answer = await person(product, 'maya').ask(CHANNEL, form());
    await press(product, 'priya', pending, 'Approve');
    const lateMs = await late;
    return { product, pending, window, lateMs, answer };
  } catch (error) {
    await product[Symbol.asyncDispose]();
    throw error;
  }
}

const strangerKey = (): Promise<Signer> => Promise.resolve(pemSigner('bot', ORIGIN, generateKey()));

let byStranger: Forged | undefined;
let byWorker: Forged | undefined;

beforeAll(async () => {
  await Promise.all([
    withForgedApproval(strangerKey).then((forged) => (byStranger = forged)),
    withForgedApproval(keyOf('worker')).then((forged) => (byWorker = forged)),
  ]);
}, 150_000);

afterAll(async () => {
  await Promise.all([byStranger, byWorker].map(async (forged) => forged?.product[Symbol.asyncDispose]()));
});

/** The local world has rules of its own on the port, which are reported at the first start. */
const isOfStandingRules = (body: unknown): boolean => JSON.stringify(body).includes('unexpected-rule');

describe.each([
  ['by somebody without the keys', () => byStranger, false],
  ['under the worker’s key', () => byWorker, true],
] as const)('an approval that was written to the bucket %s', (_, forgedOne, chainHolds) => {
  let forged: Forged;

  beforeAll(() => {
    forged = forgedOne() as Forged;
  });

  test('opens nothing', async () => {
    const { product, window } = forged;
    const calls = await product.calls('AuthorizeSecurityGroupIngress');

    expect(calls).toHaveLength(1);
    expect(JSON.stringify(calls[0]?.input)).toContain(window.id);
    expect((await product.probe('stranger')).open).toBe(false);
  });

  test('whoever asks or approves from then on is told why nothing opens', async () => {
    const { product, answer } = forged;
    const whispered = await eventually('the answer to the click', 20_000, async () =>
      (await product.client.history(CHANNEL, idOf('priya'))).find(({ is_ephemeral }) => is_ephemeral),
    );

    expect(Object.values(answer).join()).toContain('The log cannot be trusted at the moment');
    expect(whispered.text).toContain('The log cannot be trusted at the moment');
  });

  test('what is open closes on time all the same', () => {
    expect(forged.lateMs).toBeLessThan(1_000);
  });

  test(
    chainHolds
      ? 'the closing goes into the record'
      : 'nothing more goes into a log that is not ours any more',
    async () => {
      const { product, window } = forged;

      if (chainHolds) await product.log.until('request.sealed', window.id, 50_000);
      expect(await product.log.all('close.confirmed', window.id)).toHaveLength(chainHolds ? 1 : 0);
    },
    60_000,
  );

  test('a human is woken, once', async () => {
    const { product } = forged;
    const hooks = await eventually('the page', 20_000, async () => {
      const all = (await product.client.pageHooks()).filter(({ body }) => !isOfStandingRules(body));
      return all.length > 0 && all;
    });

    expect(hooks.map(({ body }) => body)).toEqual([
      expect.objectContaining({
        kind: 'log-not-trusted',
        text: expect.stringContaining('cannot be trusted'),
      }),
    ]);
  });

  test('the worker says that it is not ready, and both that they are alive', async () => {
    const { product } = forged;

    expect((await product.bot.get('/healthz')).status).toBe(200);
    expect((await product.worker.get('/healthz')).status).toBe(200);
    expect((await product.worker.get('/readyz')).status).toBe(chainHolds ? 200 : 503);
  });

  test('the verifier finds it', async () => {
    const report = await forged.product.client.verify<{ valid: boolean }>();

    expect(report.valid).toBe(false);
  });
});
