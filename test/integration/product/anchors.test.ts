import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startRole } from '../../../src/cli/demo/children.ts';
import { environmentOf } from '../../../src/cli/demo/environment.ts';
import type { Message } from '../../../src/sandbox/client.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import { ask, AUDIT, idOf, press, settled, type Asked } from '../../support/product/acts.ts';
import { breakglass } from '../../support/product/command-line.ts';

let product: Product;
let denied: Asked;
let server: Server;
/** What somebody outside keeps, as it came. */
const kept: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    void readAll(request).then((body) => {
      kept.push(body);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keep`;
  product = await Product.start({ workerEnvironment: () => ({ BREAKGLASS_ANCHOR_URL: url }) });
  denied = await ask(product);
  await press(product, 'priya', denied, 'Deny');
  await settled(product, denied);
}, 120_000);

afterAll(async () => {
  await product[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
});

const inAuditChannel = (): Promise<Message[]> => product.client.history(AUDIT, idOf('priya'));

const shownText = ({ blocks = [] }: Message): string =>
  (blocks as { text?: { text: string } }[]).map(({ text }) => text?.text ?? '').join('\n');

/** As many records as the newest of these checkpoints covers, by what the verifier says of a file with this text. */
async function anchoredBy(name: string, text: string): Promise<number> {
  const file = join(product.folder, name);
  await writeFile(file, text);
  const { code, out } = await breakglass(['log', 'verify', '--json', '--checkpoint', file], product.auditor);
  const { valid, anchored } = JSON.parse(out) as { valid: boolean; anchored: number };
  expect({ code, valid }).toEqual({ code: 0, valid: true });
  return anchored;
}

describe('a checkpoint leaves the operators’ control', () => {
  test('in the audit channel, when a bot starts and when a request is sealed', async () => {
    const messages = await eventually('both messages', 25_000, async () => {
      const found = (await inAuditChannel()).filter((message) => shownText(message).includes('Checkpoint'));
      return found.length > 1 && found;
    });

    const records = (await product.log.records()).length;
    const [first, second] = await Promise.all(
      messages.map((message, index) => anchoredBy(`message-${index}`, shownText(message))),
    );
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(first ?? 0);
    expect(second).toBeLessThanOrEqual(records);
  });

  test('to a URL, at the same occasions, as a file that the verifier takes as it is', async () => {
    await eventually('the seal', 25_000, async () => kept.length > 1);

    const anchored = await anchoredBy('kept', kept.at(-1) ?? '');
    const sealed = (await product.log.records()).findIndex(({ type }) => type === 'request.sealed');
    expect(anchored).toBeGreaterThan(sealed);
  });

  test('only once for every bot that starts, until something new is a day old', async () => {
    await product.bot.stop();
    await product.bot.start();
    const other = await ask(product);
    await press(product, 'priya', other, 'Deny');
    await settled(product, other);

    const posted = (await inAuditChannel()).filter((message) => shownText(message).startsWith('⚓'));
    expect(posted).toHaveLength(1);
  }, 90_000);
});

test.each(['bot', 'worker'] as const)('a %s that anchors nothing says so at every start', async (role) => {
  const log = join(product.folder, `unanchored-${role}.log`);
  const env = { ...environmentOf(role, product.settings), BREAKGLASS_AUDIT_CHANNEL: '' };

  const run = startRole(role, env, log);
  const line = await run.said(
    'BREAKGLASS_AUDIT_CHANNEL is not set, nor BREAKGLASS_ANCHOR_URL for the worker: but for the seals, whoever holds the keys and the bucket can alter the log unnoticed',
  );

  run.kill('SIGTERM');
  await run.ended;
  expect(line['level']).toBe('warn');
});
