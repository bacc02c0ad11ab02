import { expect, test } from '@jest/globals';

import { closeAt, type Closing, type PlaceResult } from '../../../src/cli/close/close-at.ts';
import type { Rule } from '../../../src/domain/rule.ts';
import { AccessError, type ObservedRule } from '../../../src/ports/access.ts';
import { FakeAccess } from '../../support/fakes/fake-access.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';

const PLACE = { account: '111122223333', region: 'eu-west-1', roleArn: '' };
const TAGS = { deployment: 'prod', request: 'bg-0123456789', expiresAt: 1_900_000_000 };

const ruleOf = (group: string, address = '203.0.113.7/32'): Rule => ({
  account: PLACE.account,
  region: PLACE.region,
  group,
  port: 8443,
  address,
});

class World {
  readonly clock = new FakeClock();
  readonly access = new FakeAccess({ clock: this.clock, deployment: 'prod' });
  readonly stop = new AbortController();
  readonly found: string[] = [];
  readonly troubles: string[] = [];

  open(group: string, address?: string, tags: Partial<ObservedRule['tags']> = TAGS): string {
    return this.access.addStanding(ruleOf(group, address), tags).ruleId;
  }

  run(change: Partial<Closing> = {}): Promise<PlaceResult> {
    return closeAt(PLACE, {
      deployment: 'prod',
      access: this.access,
      clock: this.clock,
      chance: { fraction: () => 0.5 },
      signal: this.stop.signal,
      wanted: () => true,
      onFound: (rules) => this.found.push(...rules.map(({ ruleId }) => ruleId)),
      onTrouble: (text) => this.troubles.push(text),
      ...change,
    });
  }

  close(change: Partial<Closing> = {}): Promise<PlaceResult> {
    return this.clock.drive(this.run(change));
  }

  get calls(): number {
    return this.access.faults.calls.filter((method) => method === 'close').length;
  }
}

const outcomes = ({ rules }: PlaceResult) =>
  Object.fromEntries(rules.map(({ rule, outcome }) => [rule.ruleId, outcome]));

test('a rule counts as closed once AWS has not shown it for four seconds, and is not revoked at each look', async () => {
  const world = new World();
  const id = world.open('sg-1');
  world.access.lagMs = 2_500;
  await world.clock.advance(2_500);
  const before = world.clock.monotonic();

  const result = await world.close();

  expect(outcomes(result)).toEqual({ [id]: 'closed' });
  expect(world.clock.monotonic() - before).toBeGreaterThanOrEqual(2_500 + 4_000);
  expect(world.calls).toBe(1);
});

test('a rule that is shown again is revoked again, and its absence counts anew', async () => {
  const world = new World();
  const id = world.open('sg-1');
  const running = world.run();
  await world.clock.advance(3_500);
  world.access.addStanding(ruleOf('sg-1'), TAGS, { ruleId: id });
  const shownAgain = world.clock.monotonic();

  const result = await world.clock.drive(running);

  expect(outcomes(result)).toEqual({ [id]: 'closed' });
  expect(world.clock.monotonic() - shownAgain).toBeGreaterThanOrEqual(4_000);
  expect(world.calls).toBe(2);
});

test('what is opened meanwhile is closed as well', async () => {
  const world = new World();
  const first = world.open('sg-1');
  const running = world.run();
  await world.clock.advance(1_000);
  const second = world.open('sg-2');

  const result = await world.clock.drive(running);

  expect(outcomes(result)).toEqual({ [first]: 'closed', [second]: 'closed' });
  expect(world.found).toEqual([first, second]);
  expect(world.access.rules).toEqual([]);
});

test('a group that these credentials may not change keeps no other one open, and is not asked again', async () => {
  const world = new World();
  const [kept, closed] = [world.open('sg-1'), world.open('sg-2')];
  world.access.faults.fail('close', 'before', new AccessError('not-permitted', 'you may not'));

  const result = await world.close();

  expect(outcomes(result)).toEqual({ [kept]: 'open', [closed]: 'closed' });
  expect(result.rules[0]?.problem).toBe('you may not');
  expect(world.calls).toBe(2);
});

test('where no revoke was ever accepted, absence has to last longer', async () => {
  const world = new World();
  const id = world.open('sg-1');
  world.access.faults.fail('close', 'after', new AccessError('unknown-outcome', 'no answer'));
  const before = world.clock.monotonic();

  const result = await world.close();

  expect(outcomes(result)).toEqual({ [id]: 'closed' });
  expect(world.clock.monotonic() - before).toBeGreaterThanOrEqual(10_000);
  expect(world.troubles).toEqual(['eu-west-1: no answer; trying again']);
});

test('told to stop, it says of each rule how far it is', async () => {
  const world = new World();
  const closing = world.open('sg-1');
  const running = world.run();
  await world.clock.advance(1_000);
  world.access.faults.fail('close', 'before', new AccessError('unreachable', 'no answer'), 100);
  const open = world.open('sg-2');
  await world.clock.advance(1_000);

  world.stop.abort();
  const result = await world.clock.drive(running);

  expect(outcomes(result)).toEqual({ [closing]: 'unproven', [open]: 'open' });
  expect(result.looked).toBe(true);
});

test('it goes on looking through failures, and gives up where asking again cannot help', async () => {
  const world = new World();
  world.open('sg-1');
  world.access.faults.fail('observeOurs', 'before', new AccessError('throttled', 'slow down'), 3);

  const patient = await world.close();
  world.access.faults.fail('observeOurs', 'before', new AccessError('not-permitted', 'you may not look'));
  const refused = await world.close();

  expect(patient.problem).toBeNull();
  expect(world.troubles).toEqual(Array<string>(3).fill('eu-west-1: slow down; trying again'));
  expect(refused).toMatchObject({ looked: false, problem: 'you may not look', rules: [] });
});

test('rules that are not wanted, or not of this deployment, stay; the former are named', async () => {
  const world = new World();
  const mine = world.open('sg-1');
  const other = world.open('sg-1', '203.0.113.9/32', { ...TAGS, request: 'bg-1111111111' });
  world.open('sg-1', '198.51.100.20/32', { ...TAGS, deployment: 'staging' });
  world.open('sg-1', '198.51.100.21/32', {});

  const result = await world.close({ wanted: ({ tags }) => tags.request === TAGS.request });

  expect(outcomes(result)).toEqual({ [mine]: 'closed' });
  expect(result.others.map(({ ruleId }) => ruleId)).toEqual([other]);
  expect(world.access.rules).toHaveLength(3);
});

test('nothing found is believed after several seconds', async () => {
  const world = new World();
  const before = world.clock.monotonic();

  const result = await world.close();

  expect(result).toMatchObject({ looked: true, rules: [], problem: null });
  expect(world.clock.monotonic() - before).toBeGreaterThanOrEqual(4_000);
});

test('what is no answer of AWS at all is thrown', async () => {
  const world = new World();
  world.access.faults.fail('observeOurs', 'before', new TypeError('a bug'));

  await expect(world.run()).rejects.toThrow('a bug');
});
