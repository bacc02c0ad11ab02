import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SandboxClient } from '../../src/sandbox/client.ts';
import { generateKey } from '../../src/log/index.ts';
import { CACHE } from '../../src/sandbox/programs/program.ts';
import { DemoProcess } from '../support/demo/demo-process.ts';
import { stillRunning, type Process } from '../support/demo/processes.ts';
import { CHANNEL, openWindow, person, sealed } from '../support/demo/window.ts';
import { eventually } from '../support/eventually.ts';

const ROLES = ['bot', 'worker'] as const;
/** After the deadline, or after a worker is at work again, whichever is later. */
const CLOSED_SOON_MS = 3_000;

let folder: string;

beforeAll(async () => {
  await mkdir(join(CACHE, 'test'), { recursive: true });
  folder = await mkdtemp(join(CACHE, 'test', 'demo with spaces '));
});

afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

const start = (name: string): DemoProcess => new DemoProcess(['--folder', join(folder, name)]);
const commands = (processes: readonly Process[]): string =>
  processes.map(({ command }) => command).join('\n');

describe('two demos at once', () => {
  let one: DemoProcess;
  let other: DemoProcess;
  let clients: readonly [SandboxClient, SandboxClient];
  let killed: Awaited<ReturnType<typeof killedAndStartedAgain>>;
  let withoutRoles: Awaited<ReturnType<typeof rolesKilled>>;
  let seen: { outputs: string[]; ports: number[][]; cards: number[]; refused: string };

  beforeAll(async () => {
    [one, other] = [start('one'), start('other')];
    clients = [await one.client(), await other.client()];
    const ports = await Promise.all(clients.map(portsOf));
    const outputs = [one.output, other.output];
    const [window, refused] = await Promise.all([openWindow(clients[0], '15s'), refusal()]);
    const cards = await Promise.all(clients.map(cardsIn));
    // The local Slack writes what it knows a moment later than it answers; a demo that is killed before has lost the card.
    await eventually('the card is on disk', 30_000, async () =>
      (await readFile(join(folder, 'one', 'sandbox', 'slack.json'), 'utf8')).includes(window.ts),
    );
    seen = { outputs, ports, cards, refused };
    [killed, withoutRoles] = await Promise.all([
      killedAndStartedAgain(one, window),
      rolesKilled(other, clients[1]),
    ]);
    one = killed.again;
  }, 180_000);

  afterAll(async () => {
    await one?.[Symbol.asyncDispose]();
    await other?.[Symbol.asyncDispose]();
  });

  test('have no port in common, and each says which it could not have', () => {
    const { ports, outputs } = seen;

    expect(new Set(ports.flat()).size).toBe(ports.flat().length);
    expect(ports.map(([page]) => page === 4400).filter(Boolean).length).toBeLessThan(2);
    for (const [index, [page]] of ports.entries())
      expect(outputs[index]?.includes(`port 4400 is busy: the page is on ${page}`)).toBe(page !== 4400);
  });

  test('say what to do next', () => {
    for (const output of seen.outputs) {
      expect(output).toMatch(/as Maya, type \/breakglass in #incidents/);
      expect(output).toMatch(/become Jonas .* and press Approve/);
    }
  });

  test('see nothing of each other', () => {
    expect(seen.cards).toEqual([1, 0]);
  });

  test('do not share a folder: the second one says who has it', () => {
    expect(seen.refused).toMatch(/^3 .*one is in use by process \d+/);
  });

  describe('a demo that is killed with a window open', () => {
    test('takes bot, worker, Redis and its guardian along within 5 s', () => {
      expect(commands(killed.family)).toMatch(/--role bot/);
      expect(commands(killed.family)).toMatch(/--role worker/);
      expect(commands(killed.family)).toMatch(/guardian\.mjs/);
      expect(commands(killed.family)).toMatch(/(redis|valkey)-server/);
      expect(killed.left).toEqual([]);
    });

    test('closes the port when it is started again, by the deadline or at once after it', () => {
      const { closedAt, deadline, atWorkAt } = killed;

      expect(closedAt - Math.max(deadline, atWorkAt)).toBeLessThan(CLOSED_SOON_MS);
    });

    test('seals the record, and the log verifies', () => {
      expect(killed.report).toMatchObject({ valid: true });
      expect(killed.records).toContain('"request.sealed"');
    });
  });

  describe('bot and worker that are killed with a window open', () => {
    test('are started again, which the demo says', () => {
      for (const role of ROLES)
        expect(other.output).toContain(`the ${role} ended (SIGKILL); starting it again`);
    });

    test('go on: the port closes by the deadline or at once after it, and the record is sealed', () => {
      const { closedAt, deadline, atWorkAt } = withoutRoles;

      expect(closedAt - Math.max(deadline, atWorkAt)).toBeLessThan(CLOSED_SOON_MS);
      expect(withoutRoles.report).toMatchObject({ valid: true });
    });
  });

  test('Ctrl-C and SIGTERM end everything within 5 s, politely, with exit code 0', async () => {
    const endings = await Promise.all([one.end('SIGINT'), other.end('SIGTERM')]);

    for (const { code, left, family } of endings) {
      expect(code).toBe(0);
      expect(family.length).toBeGreaterThanOrEqual(4);
      expect(left).toEqual([]);
    }
    for (const log of await logsOf('one', 'other')) expect(log).toMatch(/"msg":"stopping"\}\n$/);
  });
});

test.each(['SIGKILL', 'SIGTERM'] as const)('%s while it starts leaves nothing behind', async (signal) => {
  await using demo = start(signal);
  const roles = await Promise.all(ROLES.map((role) => demo.role(role)));

  const { left } = await demo.end(signal);

  expect(roles).toHaveLength(2);
  expect(left).toEqual([]);
});

test('a role that does not start with its settings ends the demo, which says which and why', async () => {
  const keys = join(folder, 'refused', 'keys');
  await mkdir(keys, { recursive: true });
  const shared = generateKey();
  for (const role of ROLES) await writeFile(join(keys, `${role}.pem`), shared, { mode: 0o600 });
  await using demo = start('refused');

  const { code } = await demo.ended();

  expect(code).toBe(2);
  expect(demo.output).toMatch(/the (bot|worker) does not start with its settings: /);
  expect(demo.output).toContain('The bot and the worker have the same key');
  expect(demo.output).not.toContain('Breakglass is running');
});

/** What one more demo in a folder that is in use says, after its exit code. */
async function refusal(): Promise<string> {
  const third = start('one');
  const { code } = await third.ended();
  return `${code} ${third.output}`;
}

async function killedAndStartedAgain(demo: DemoProcess, window: Awaited<ReturnType<typeof openWindow>>) {
  const { family, left } = await demo.end('SIGKILL');
  const again = start('one');
  const client = await again.client();
  const worker = await again.role('worker');
  const closedAt = await sealed(client, window);
  const atWorkAt = await atWork('one', worker.pid);
  const report = await client.verify();
  const records = await logText(client, window.request);
  return { family, left, again, atWorkAt, closedAt, deadline: window.deadline, report, records };
}

async function rolesKilled(demo: DemoProcess, client: SandboxClient) {
  const window = await openWindow(client, '10s');
  const before = await Promise.all(ROLES.map((role) => demo.role(role)));
  for (const { pid } of before) process.kill(pid, 'SIGKILL');
  await eventually('both are gone', 30_000, () => stillRunning(before).length === 0);
  const [, worker] = await Promise.all(ROLES.map((role) => demo.role(role, before)));
  const closedAt = await sealed(client, window);
  const atWorkAt = await atWork('other', worker?.pid);
  return { closedAt, deadline: window.deadline, atWorkAt, report: await client.verify() };
}

/** When this process said that it is at work, epoch milliseconds. */
async function atWork(name: string, pid: number | undefined): Promise<number> {
  const lines = (await readFile(join(folder, name, 'worker.log'), 'utf8')).trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const entry = entries.find((each) => each['pid'] === pid && each['msg'] === 'worker is at work');
  return Number(new Date(entry?.['time'] as string | number));
}

async function portsOf(client: SandboxClient): Promise<number[]> {
  const { urls, edge } = await client.state();
  return [urls.page, urls.aws]
    .map((url) => Number(new URL(url).port))
    .concat(edge.vantages.map(({ port }) => port));
}

const cardsIn = async (client: SandboxClient): Promise<number> =>
  (await client.history(CHANNEL, person('jonas'))).filter(
    ({ metadata }) => metadata?.event_payload['key'] === 'card',
  ).length;

const logsOf = (...demos: string[]): Promise<string[]> =>
  Promise.all(
    demos.flatMap((demo) => ROLES.map((role) => readFile(join(folder, demo, `${role}.log`), 'utf8'))),
  );

/** The objects of the log that name a request. */
async function logText(client: SandboxClient, request: string): Promise<string> {
  const [bucket] = (await client.state()).aws.buckets;
  const objects = await Promise.all(
    (bucket?.objects ?? []).map(({ key }) => client.awsObject(bucket?.name ?? '', key)),
  );
  return objects
    .map(({ text }) => text)
    .filter((text) => text.includes(request))
    .join('\n');
}
