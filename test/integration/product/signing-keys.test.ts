import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { environmentOf } from '../../../src/cli/demo/environment.ts';
import { DEPLOYMENT } from '../../../src/cli/demo/folder.ts';
import { vkeyOf } from '../../../src/log/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { workflowFile } from '../../support/builders/workflow-file.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import {
  approve,
  ask,
  CHANNEL,
  form,
  from,
  lateness,
  openWindow,
  opened,
  person,
  press,
  rulesOf,
  settled,
  type Asked,
} from '../../support/product/acts.ts';
import { breakglass, type Output } from '../../support/product/command-line.ts';
import type { Role as Process } from '../../support/product/role.ts';

type Role = 'bot' | 'worker';

/** Closes with nothing to follow, so that no worker whose key is replaced has a certificate under way. */
const PLAIN = workflowFile({ name: 'plain', title: 'A console without a certificate' });

/** What a process that is started from now on is told to sign with. */
const keys = { bot: 'alias/breakglass-bot', worker: 'alias/breakglass-worker' };
const PUBLIC = { bot: 'BREAKGLASS_BOT_PUBLIC_KEY', worker: 'BREAKGLASS_WORKER_PUBLIC_KEY' };
const PRIVATE = { bot: 'BREAKGLASS_BOT_KEY', worker: 'BREAKGLASS_WORKER_KEY' };

let product: Product;
/** Verifier keys, once there is a log. */
let begunWith: Record<Role, string>;
let publicKeys = (): Record<Role, string> => ({
  bot: vkeyInKms(keys.bot),
  worker: vkeyInKms(keys.worker),
});
let folder: string;

/** Each role signs in KMS, and knows the other's public key as an operator would have written it down. */
const environment = (role: Role): NodeJS.ProcessEnv => {
  const other = role === 'bot' ? 'worker' : 'bot';
  return { [PRIVATE[role]]: keys[role], [PUBLIC[other]]: publicKeys()[other] };
};

function vkeyInKms(alias: string): string {
  const id = AWS_WORLD.kmsKeys.find((key) => `alias/${key.alias}` === alias)?.id ?? '';
  const text = readFileSync(join(folder, `sandbox/aws/kms-keys/${id}.json`), 'utf8');
  return vkeyOf(DEPLOYMENT, createPrivateKey((JSON.parse(text) as { privateKey: string }).privateKey));
}

beforeAll(async () => {
  product = await Product.start({
    workers: 2,
    workflows: { 'plain.yaml': PLAIN },
    secure: async (_, path) => {
      folder = path;
      return environment;
    },
  });
  begunWith = publicKeys();
  publicKeys = () => begunWith;
}, 60_000);

afterAll(() => product[Symbol.asyncDispose]());

/** As an operator of that role, with the key that it has had until now. */
const replaceKey = (role: Role, to: string): Promise<Output> => {
  const env = { ...environmentOf(role, product.settings), ...environment(role) };
  return breakglass(['log', 'replace-key', '--role', role, '--to', to], env);
};

const kms = (state: 'Enabled' | 'Disabled') =>
  product.client.control('aws/kms-key', { key: keys.worker, state });

const isRetired = (role: Process): Promise<boolean> =>
  eventually(`the ${role.name} can write no more`, 40_000, async () => {
    const said = await readFile(role.logFile, 'utf8');
    return said.includes('has been replaced') && (await role.get('/readyz')).status === 503;
  });

async function receiptOf({ id }: Asked): Promise<string> {
  const { out } = await breakglass(['log', 'receipt', id], product.auditor);
  const path = join(product.folder, `${id}.tlog-proof`);
  await writeFile(path, `${out.trimEnd()}\n`);
  return path;
}

test('keys in KMS, one of them replaced: what is open closes on time, and everything verifies in the end', async () => {
  // Both roles sign in KMS. Then it does not sign for the worker: what is open closes on time, and nothing opens.
  const plain = { 'What do you need': 'plain' };
  const waiting = await ask(product, { ...from('stranger'), ...plain, 'For how long': '20s' });
  const first = await openWindow(product, { ...from('requester'), ...plain });
  await kms('Disabled');
  await approve(product, waiting);
  expect(await lateness(product, 'requester', first.deadline)).toBeLessThan(1_000);
  expect(await rulesOf(product, waiting.id)).toEqual([]);
  expect(await product.log.all('close.confirmed', first.id)).toEqual([]);
  const signed = (await product.calls('Sign')).filter(({ ok }) => ok);
  expect(new Set(signed.map(({ role }) => role?.replace(/.*\//, '')))).toEqual(new Set(['bot', 'worker']));

  // As soon as it signs again, what happened is recorded, and what waited opens.
  await kms('Enabled');
  const [late] = await Promise.all([
    opened(product, waiting),
    product.log.until('close.confirmed', first.id, 60_000),
  ]);

  // The key is replaced while a window is open: both workers say so and close it, and one with the new key records it.
  const onTime = lateness(product, 'stranger', late.deadline);
  onTime.catch(() => undefined);
  const { code, out } = await replaceKey('worker', 'alias/breakglass-worker-next');
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("The worker's key is replaced") });
  await Promise.all(product.workers.map(isRetired));
  expect(await onTime).toBeLessThan(1_000);
  expect(await product.log.all('close.confirmed', late.id)).toEqual([]);
  const hooks = (await product.client.pageHooks()).filter(({ body }) =>
    JSON.stringify(body).includes('"key-replaced"'),
  );
  expect(hooks).toHaveLength(1);
  const oldSettings = { ...environmentOf('worker', product.settings), ...environment('worker') };
  await Promise.all(product.workers.map((worker) => worker.stop()));
  keys.worker = 'alias/breakglass-worker-next';
  await product.worker.start();

  // One that still has the old key does not start.
  const [refused] = await Promise.all([
    breakglass(['serve', '--role', 'worker'], oldSettings),
    settled(product, first),
    settled(product, late),
  ]);
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('unknown-key') });

  // The bot's key goes the same way, to a file.
  const file = join(product.folder, 'next-bot.pem');
  await copyFile(product.surroundings.keys.paths.bot, file);
  expect((await replaceKey('bot', file)).code).toBe(0);
  await isRetired(product.bot);
  const errors = await person(product, 'maya').ask(CHANNEL, form());
  expect(Object.values(errors).join()).toContain('The log could not be written');
  keys.bot = file;
  await product.bot.stop();
  await product.bot.start();

  // Everything that happened, under four keys, verifies.
  const last = await ask(product);
  await press(product, 'priya', last, 'Deny');
  await settled(product, last);
  const args = ['--json', '--bot-key', begunWith.bot, '--worker-key', begunWith.worker];
  const workerKeys = [begunWith.worker, vkeyInKms('alias/breakglass-worker-next')];
  const [verified, ...checked] = await Promise.all([
    breakglass(['log', 'verify', ...args], product.auditor),
    ...[first, last].map(async (request) =>
      breakglass(['log', 'verify-receipt', await receiptOf(request), '--worker-key', ...workerKeys], {}),
    ),
  ]);
  expect(JSON.parse(verified.out)).toMatchObject({ valid: true, trust: 'given-keys' });
  expect(checked).toMatchObject(
    [first, last].map(({ id }) => ({ code: 0, out: expect.stringContaining(`request  ${id}: `) })),
  );
}, 240_000);
