import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { BIN } from '../../../src/cli/demo/children.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { eventually } from '../../support/eventually.ts';
import { LEDGER, PAYMENTS, RulesWorld } from '../../support/product/rules-world.ts';

const ids = (out: string): string[] =>
  (JSON.parse(out) as { rules: { ruleId: string }[] }).rules.map(({ ruleId }) => ruleId).toSorted();

const hasLooked = async ({ client }: RulesWorld): Promise<boolean> =>
  (await client.awsCalls()).some(({ action }) => action === 'DescribeSecurityGroupRules');

test.concurrent(
  'closes every rule with the tag of the deployment, in every group, and touches no other',
  async () => {
    await using world = await RulesWorld.start();
    const first = await world.open();
    const second = await world.open({ address: '203.0.113.9/32', request: 'bg-zzzzzzzzzz', expiresAt: 1 });
    const ledger = await world.open({ group: LEDGER, address: '2001:db8::7/128' });
    const anothers = await world.open({ address: '198.51.100.20/32', deployment: 'staging' });
    const byHand = await world.open({ group: LEDGER, address: '203.0.113.9/32', deployment: null });
    expect(await world.client.probe('requester')).toMatchObject({ open: true });

    const { code, out, err } = await world.run(['close-all']);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const id of [first, second, ledger]) expect(out).toContain(id);
    expect(out).toContain('3 of 3 closed');
    expect(out).toContain('Connections that were established before may live on');
    expect(await world.left()).toEqual([anothers, byHand].toSorted());
    expect(await world.client.probe('requester')).toMatchObject({ open: false });
    expect(await world.revokes()).toEqual(
      expect.arrayContaining([
        { group: PAYMENTS, ids: [first, second].toSorted(), ok: true },
        { group: LEDGER, ids: [ledger], ok: true },
      ]),
    );
    expect(await world.revokes()).toHaveLength(2);
  },
  60_000,
);

test.concurrent(
  'a rule that somebody took away after it was found does not keep the others',
  async () => {
    await using world = await RulesWorld.start();
    const opened: string[] = [];
    for (const host of [1, 2, 3, 4]) opened.push(await world.open({ address: `203.0.113.${host}/32` }));
    await world.client.faults({ 'aws.latencyMs': 2_000 });
    const running = world.run(['close-all', '--json']);
    await eventually('it has looked', 40_000, () => hasLooked(world));
    await world.client.control('aws/rule', { do: 'revoke', group: PAYMENTS, id: opened[0] });
    await world.client.faults({ 'aws.latencyMs': 0 });
    const { code, out } = await running;

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      deployment: 'demo',
      regions: [{ region: AWS_WORLD.region, looked: true, problem: null }],
      others: [],
    });
    expect(ids(out)).toEqual(opened.toSorted());
    expect(await world.left()).toEqual([]);
    const [, together, rest] = await world.revokes();
    expect(together).toEqual({ group: PAYMENTS, ids: opened.toSorted(), ok: false });
    expect(rest).toEqual({ group: PAYMENTS, ids: opened.slice(1).toSorted(), ok: true });
  },
  60_000,
);

test.concurrent(
  'goes on through throttling and lost answers until everything is closed, and says so meanwhile',
  async () => {
    await using world = await RulesWorld.start();
    await world.open();
    await world.open({ group: LEDGER });
    await world.client.faults({
      'aws.throttle': [{ action: 'RevokeSecurityGroupIngress', bucket: 1, refillPerSecond: 2 }],
      'aws.fail': [{ action: 'DescribeSecurityGroupRules', code: 'RequestLimitExceeded', count: 3 }],
      'aws.lose': [{ action: 'RevokeSecurityGroupIngress', count: 1, reset: true }],
    });

    const { code, err } = await world.run(['close-all']);

    expect(code).toBe(0);
    expect(err).toMatch(/eu-west-1: could not describe .*trying again/);
    expect(err).toMatch(/eu-west-1: could not revoke .*trying again/);
    expect(await world.left()).toEqual([]);
  },
  60_000,
);

test.concurrent(
  'at Ctrl-C it says what is closed and what is not, and exits with 1',
  async () => {
    await using world = await RulesWorld.start();
    const stuck = await world.open();
    await world.client.faults({
      'aws.fail': [{ action: 'RevokeSecurityGroupIngress', code: 'InternalError', count: 1_000 }],
    });
    const child = spawn(process.execPath, [BIN, 'close-all'], {
      env: world.env(),
      stdio: 'pipe',
      timeout: 50_000,
      killSignal: 'SIGKILL',
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    await eventually('it has been refused', 40_000, () => err.includes('trying again'));

    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number | null];

    expect(code).toBe(1);
    expect(out).toContain('0 of 1 closed');
    expect(out).toContain(`${stuck}  ${PAYMENTS}  still described by AWS`);
    expect(await world.left()).toEqual([stuck]);
  },
  60_000,
);
