import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { BIN } from '../../../src/cli/demo/children.ts';
import { environmentOf } from '../../../src/cli/demo/environment.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import { lateness, openWindow, settled } from '../../support/product/acts.ts';

const WITHIN_MS = 5_000;

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** How many others talk to Redis. */
const clientsOf = ({ redis }: Product): Promise<number> =>
  redis.with(
    async (client) =>
      String(await client.client('LIST'))
        .trim()
        .split('\n').length - 1,
  );

test.concurrent(
  'SIGTERM ends bot and worker well and soon in the middle of a window, and what is open is closed once they are back',
  async () => {
    await using product = await Product.start({ delivery: 'http' });
    const { deadline, ...asked } = await openWindow(product);

    await expectToEnd(product);

    await product.worker.start();
    expect(await lateness(product, 'requester', deadline)).toBeLessThan(1_000);
    await product.bot.start();
    await settled(product, asked);
  },
  60_000,
);

test.concurrent(
  'SIGTERM ends a bot that holds a socket to Slack',
  async () => {
    await using product = await Product.start({ delivery: 'socket' });

    await expectToEnd(product);

    expect((await product.client.state()).slack.bot.connected).toBe(false);
  },
  60_000,
);

/** Stops every role, and looks for anything that is left of it. */
async function expectToEnd(product: Product): Promise<void> {
  const pids = product.roles.map(({ pid }) => pid);
  const urls = product.roles.map(({ url }) => url);

  const endings = await Promise.all(product.roles.map((role) => role.stop()));

  for (const ending of endings) expect(ending).toMatchObject({ code: 0, signal: null });
  expect(Math.max(...endings.map(({ ms }) => ms))).toBeLessThan(WITHIN_MS);
  expect(pids.map(isRunning)).toEqual([false, false]);
  for (const url of urls) await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  await eventually('nobody talks to Redis', 5_000, async () => (await clientsOf(product)) === 0);
}

test.concurrent(
  'SIGTERM and SIGINT end one process with both roles',
  async () => {
    await using product = await Product.start();
    await Promise.all(product.roles.map((role) => role.stop()));
    const env = { ...environmentOf('worker', product.settings), ...environmentOf('bot', product.settings) };

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const child = spawn(process.execPath, [BIN, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.on('data', (data: Buffer) => (said += data.toString()));
      await eventually('it is ready', 15_000, () => said.includes('slack is connected'));
      const asked = Date.now();
      child.kill(signal);
      const [code] = (await once(child, 'exit')) as [number | null];

      expect(code).toBe(0);
      expect(Date.now() - asked).toBeLessThan(WITHIN_MS);
    }
  },
  60_000,
);
