import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import { approve, ask, from, opened, settled, type Asked, type Window } from '../../support/product/acts.ts';
import { ROOT } from '../../support/sources.ts';

const CUTS = /^close: \{ cutConnections: \{ networkAcl: .+$/m;

/** The example workflow, but for its name and for what becomes of connections. */
async function uncutWorkflow(): Promise<string> {
  const text = await readFile(join(ROOT, 'workflows/payments-console.yaml'), 'utf8');
  if (!CUTS.test(text)) throw new Error('the example workflow cuts nothing');
  return text
    .replace(CUTS, 'close: { cutConnections: none }')
    .replace('name: payments-console', 'name: uncut-console')
    .replace('title: Payments admin console', 'title: Payments console, not cut')
    .replace(/rotate:\n( {2}.+\n)+/, 'rotate: none\n');
}

/** A session with the console that stays established: what an engineer has who is logged in. */
async function session(product: Product, vantage: string): Promise<TLSSocket> {
  const { edge } = await product.client.state();
  const port = edge.vantages.find(({ name }) => name === vantage)?.port ?? 0;
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

/** Whether the console still answers over it. */
async function works(socket: TLSSocket): Promise<boolean> {
  if (socket.destroyed || !socket.writable) return false;
  const answer = Promise.race([
    once(socket, 'data').then(([data]) => String(data).startsWith('HTTP/1.1 200')),
    once(socket, 'close').then(() => false),
  ]);
  socket.write('GET / HTTP/1.1\r\nhost: console\r\n\r\n');
  return answer;
}

const askFor = (product: Product, vantage: string, workflow: string, duration: string): Promise<Asked> =>
  ask(product, { ...from(vantage), 'What do you need': workflow, 'For how long': duration });

async function approvedAndOpen(product: Product, asked: Asked): Promise<Window> {
  await approve(product, asked);
  return opened(product, asked);
}

const denyEntries = async ({ client }: Product) =>
  ((await client.state()).aws as unknown as Acls).networkAcls.flatMap(({ id, entries }) =>
    entries
      .filter(({ ruleNumber, egress }) => !egress && ruleNumber >= 50 && ruleNumber <= 59)
      .map((entry) => ({ acl: id, ...entry })),
  );
type Acls = {
  readonly networkAcls: readonly {
    readonly id: string;
    readonly entries: readonly {
      readonly ruleNumber: number;
      readonly egress: boolean;
      readonly cidr: string;
      readonly action: string;
    }[];
  }[];
};

describe('a connection that was established in a window', () => {
  let product: Product;
  let cut: Window;
  let uncut: Window;
  const before: boolean[] = [];
  const after: boolean[] = [];
  let endedAfterMs: number;
  const sessions: TLSSocket[] = [];

  beforeAll(async () => {
    product = await Product.start({ workflows: { 'uncut-console.yaml': await uncutWorkflow() } });
    const asked = [
      await askFor(product, 'requester', 'payments-console', '12s'),
      await askFor(product, 'stranger', 'uncut-console', '12s'),
    ];
    [cut, uncut] = (await Promise.all(asked.map((one) => approvedAndOpen(product, one)))) as [Window, Window];
    const ends = await session(product, 'requester');
    const ended = once(ends, 'close', { signal: AbortSignal.timeout(60_000) }).then(() => Date.now());
    sessions.push(ends, await session(product, 'stranger'), await session(product, 'monitoring'));
    for (const socket of sessions) before.push(await works(socket));
    endedAfterMs = (await ended) - cut.deadline;
    await Promise.all([settled(product, cut), settled(product, uncut)]);
    for (const socket of sessions) after.push(await works(socket));
  }, 180_000);

  afterAll(async () => {
    for (const socket of sessions) socket.destroy();
    await product[Symbol.asyncDispose]();
  });

  test('ends with it where the workflow cuts connections, within seconds of the deadline', () => {
    expect(before).toEqual([true, true, true]);
    expect(after[0]).toBe(false);
    expect(endedAfterMs).toBeGreaterThan(-500);
    expect(endedAfterMs).toBeLessThan(3_000);
  });

  test('lives on where the workflow cuts none, and so does everybody else’s', () => {
    expect(after.slice(1)).toEqual([true, true]);
  });

  test('is recorded as what became of it', async () => {
    const confirmed = async ({ id }: Window) => product.log.until('close.confirmed', id, 0);

    expect(await confirmed(cut)).toMatchObject({ connections: 'cut' });
    expect(await confirmed(uncut)).toMatchObject({ connections: 'may-live-on', cut: null });
  });

  test('stays out: every network ACL on the way denies the host the port, and each removal is armed', async () => {
    const [first, second] = AWS_WORLD.networkAcls;
    const { schedules } = (await product.client.state()).aws;
    const armed = schedules
      .filter(({ target }) => target.endsWith(':deleteNetworkAclEntry'))
      .map(({ input }) => JSON.parse(input) as { NetworkAclId: string; RuleNumber: number });

    const entries = await denyEntries(product);

    expect(entries.map(({ acl, cidr, action }) => ({ acl, cidr, action }))).toEqual(
      [first.id, second.id].map((acl) => ({ acl, cidr: '203.0.113.7/32', action: 'deny' })),
    );
    expect(new Set(armed.map(({ NetworkAclId, RuleNumber }) => `${NetworkAclId} ${RuleNumber}`))).toEqual(
      new Set(entries.map(({ acl, ruleNumber }) => `${acl} ${ruleNumber}`)),
    );
  });

  test('does not keep a new window of the same host from opening: its entries go first', async () => {
    await approvedAndOpen(product, await askFor(product, 'requester', 'payments-console', '10s'));

    const probe = await eventually('the port is open', 5_000, async () => {
      const seen = await product.probe('requester');
      return seen.open === true && seen;
    });
    expect(probe.open).toBe(true);
    expect(await product.log.all('cut.removed')).toMatchObject([{ why: 'new-grant' }]);
  }, 120_000);
});
