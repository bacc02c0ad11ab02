import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { BIN } from '../../../src/cli/demo/children.ts';
import { environmentOf } from '../../../src/cli/demo/environment.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import {
  approve,
  ask,
  from,
  lateness,
  openWindow,
  posted,
  press,
  rulesOf,
  settled,
} from '../../support/product/acts.ts';
import { sample } from '../../support/sample.ts';

const WITHIN_MS = 5_000;
/** What runs longer is stuck. */
const LONG_MS = 180_000;
/** By then a process ends whatever still hangs. */
const LAST_RESORT_MS = 11_000;

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
    const due = Math.max(deadline, Date.now());
    expect(await lateness(product, 'requester', due)).toBeLessThan(1_000);
    await product.bot.start();
    await settled(product, asked);
  },
  LONG_MS,
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
  await eventually('nobody talks to Redis', 30_000, async () => (await clientsOf(product)) === 0);
}

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

const ONCE = ['approval.given', 'open.intended', 'close.confirmed', 'rotation.confirmed', 'request.sealed'];

/** By the record that begins it: what a window is in the middle of, and for about how long. */
const STAGES = [
  ['open.intended', 1_500],
  ['close.intended', 4_500],
  ['rotation.started', 1_000],
] as const;

test.concurrent(
  `SIGTERM in the middle of opening, of closing and of rotating loses nothing and does nothing twice (SEED=${SEED})`,
  async () => {
    await using product = await Product.start();
    await product.client.faults({ 'aws.latencyMs': 150 });
    const asked = await ask(product, { ...from('requester'), 'For how long': '12s' });
    await approve(product, asked);
    const endings = [];

    for (const [since, within] of STAGES) {
      await product.log.until(since, asked.id, 60_000);
      const [afterMs = 0] = sample(within, 1, SEED);
      await pause(afterMs);
      endings.push(...(await Promise.all(product.roles.map((role) => role.stop()))));
      await Promise.all(product.roles.map((role) => role.start()));
    }
    await settled(product, asked);

    for (const ending of endings) expect(ending).toMatchObject({ code: 0, signal: null });
    expect(Math.max(...endings.map(({ ms }) => ms))).toBeLessThan(LAST_RESORT_MS);
    const story = await product.log.story(asked.id);
    for (const type of ONCE) expect(story.filter((each) => each === type)).toEqual([type]);
    expect(await product.calls('AuthorizeSecurityGroupIngress', asked.id)).toHaveLength(1);
    const keys = (await posted(product, asked)).map(({ key }) => key);
    expect(keys.toSorted()).toEqual([...new Set(keys)].toSorted());
    expect(await rulesOf(product)).toEqual([]);
    const { schedules } = (await product.client.state()).aws;
    expect(schedules.filter(({ target }) => target.endsWith('revokeSecurityGroupIngress'))).toEqual([]);
  },
  LONG_MS,
);

test.concurrent(
  'SIGTERM ends a worker that cannot close, and the next one closes',
  async () => {
    await using product = await Product.start();
    await product.client.faults({
      'aws.fail': { action: 'RevokeSecurityGroupIngress', code: 'InternalError', count: 1_000 },
    });
    const window = await openWindow(product);
    await press(product, 'maya', window, 'I’m done');
    await eventually(
      'it has tried',
      60_000,
      async () => (await product.calls('RevokeSecurityGroupIngress')).length > 2,
    );

    const ending = await product.worker.stop();
    await product.client.faults({ 'aws.fail': null });
    await product.worker.start();
    await settled(product, window);

    expect(ending).toMatchObject({ code: 0, signal: null });
    expect(ending.ms).toBeLessThan(LAST_RESORT_MS);
    expect(await product.log.all('close.confirmed', window.id)).toHaveLength(1);
    expect(await rulesOf(product)).toEqual([]);
  },
  LONG_MS,
);

test.concurrent(
  'SIGTERM ends a bot that holds a socket to Slack; SIGTERM and SIGINT end one process with both roles',
  async () => {
    await using product = await Product.start({ delivery: 'socket' });

    await expectToEnd(product);
    expect((await product.client.state()).slack.bot.connected).toBe(false);

    const env = { ...environmentOf('worker', product.settings), ...environmentOf('bot', product.settings) };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const child = spawn(process.execPath, [BIN, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.on('data', (data: Buffer) => (said += data.toString()));
      await eventually('it is ready', 60_000, () => said.includes('slack is connected'));
      const asked = Date.now();
      child.kill(signal);
      const [code] = (await once(child, 'exit')) as [number | null];

      expect(code).toBe(0);
      expect(Date.now() - asked).toBeLessThan(WITHIN_MS);
    }
  },
  LONG_MS,
);
