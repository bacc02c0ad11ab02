import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { OpenRule, Rule, Target } from '../../src/domain/rule.ts';
import type { EpochSeconds } from '../../src/domain/time.ts';
import type { Access, AccessErrorCode, ObservedRule } from '../../src/ports/access.ts';
import { anApproved } from '../support/builders/approved.ts';

/** One implementation of the port in a world of its own, and the ways to disturb that world. */
export type AccessWorld = {
  readonly access: Access;
  readonly target: Target;
  readonly deployment: string;
  now(): EpochSeconds;
  /** A rule that somebody else made. */
  addStanding(rule: Rule): Promise<unknown>;
  removeSwitch(rule: Rule): Promise<unknown>;
  /** The next such call is carried out, and its answer lost. */
  loseAnswer(call: 'open' | 'close' | 'arm'): void;
  /** The next such call is refused for being one too many. */
  throttle(call: 'open' | 'close' | 'arm'): void;
  end(): Promise<void>;
};

const REQUEST = 'bg-0123456789';

/** What every implementation of `Access` has to do. */
export function accessContract(start: () => Promise<AccessWorld>): void {
  let world: AccessWorld;
  let access: Access;
  let target: Target;
  let rule: Rule;
  let end: EpochSeconds;

  beforeEach(async () => {
    world = await start();
    ({ access, target } = world);
    rule = ruleOf(target, '203.0.113.7/32');
    end = world.now() + 1_800;
  });
  afterEach(() => world.end());

  const open = (which = rule) => access.open(anApproved(target, [which], end, REQUEST), which, end);
  const seen = async (which = rule): Promise<ObservedRule | undefined> =>
    (await access.observe(target)).find(
      ({ address, group }) => address === which.address && group === which.group,
    );

  describe('open', () => {
    test('makes one rule for one port and one host, tagged in the same call', async () => {
      const opened = await open();

      expect(opened).toMatchObject({ how: 'opened', rule: { ...rule, ruleId: expect.any(String) } });
      expect(await seen()).toEqual({
        account: target.account,
        region: target.region,
        group: rule.group,
        ruleId: opened.rule.ruleId,
        protocol: 'tcp',
        fromPort: 8443,
        toPort: 8443,
        address: '203.0.113.7/32',
        tags: { deployment: world.deployment, request: REQUEST, expiresAt: end },
      });
    });

    test('opens an IPv6 host as well', async () => {
      const six = ruleOf(target, '2001:db8::7/128');

      await open(six);

      expect(await seen(six)).toMatchObject({ address: '2001:db8::7/128', fromPort: 8443, toPort: 8443 });
    });

    test('joins a rule that this deployment opened before', async () => {
      const first = await open();

      const second = await open();

      expect(second).toMatchObject({ how: 'joined', rule: first.rule });
      expect((await access.observe(target)).filter(({ address }) => address === rule.address)).toHaveLength(
        1,
      );
    });

    test("refuses somebody else's standing rule and leaves it as it was", async () => {
      await world.addStanding(rule);
      const before = await seen();

      await expect(open()).rejects.toMatchObject(failure('standing-rule'));

      expect(await seen()).toEqual(before);
    });

    test('opens nothing that was not approved', async () => {
      const other = ruleOf(target, '203.0.113.9/32');

      const opening = access.open(anApproved(target, [rule], end), other, end);

      await expect(opening).rejects.toMatchObject(failure('rejected'));
      expect(await seen(other)).toBeUndefined();
    });

    test('says that the outcome is unknown when the answer is lost; observing tells', async () => {
      world.loseAnswer('open');

      await expect(open()).rejects.toMatchObject(failure('unknown-outcome'));

      expect(await seen()).toMatchObject({ tags: { request: REQUEST } });
    });

    test('says so when it is throttled, and has opened nothing', async () => {
      world.throttle('open');

      await expect(open()).rejects.toMatchObject(failure('throttled'));

      expect(await seen()).toBeUndefined();
    });
  });

  describe('close', () => {
    test('removes the rule and no other', async () => {
      const other = ruleOf(target, '203.0.113.9/32');
      const [mine] = [await open(), await open(other)];

      const requests = await access.close(target, [mine.rule]);

      expect(requests).toHaveLength(1);
      expect(await seen()).toBeUndefined();
      expect(await seen(other)).toBeDefined();
    });

    test('closes a rule twice without complaint', async () => {
      const { rule: opened } = await open();
      await access.close(target, [opened]);

      await access.close(target, [opened]);

      expect(await seen()).toBeUndefined();
    });

    test('a rule that is gone does not keep the others of its group', async () => {
      const [gone, ...rest] = await openThree();
      await access.close(target, [gone]);

      await access.close(target, [gone, ...rest]);

      expect((await access.observe(target)).filter(({ tags }) => tags.deployment !== null)).toEqual([]);
    });

    test('says that the outcome is unknown when the answer is lost', async () => {
      const { rule: opened } = await open();
      world.loseAnswer('close');

      await expect(access.close(target, [opened])).rejects.toMatchObject(failure('unknown-outcome'));
    });

    test('says so when it is throttled; the rule is still there', async () => {
      const { rule: opened } = await open();
      world.throttle('close');

      await expect(access.close(target, [opened])).rejects.toMatchObject(failure('throttled'));

      expect(await seen()).toBeDefined();
    });
  });

  describe('keepUntil', () => {
    test('changes the end and nothing else', async () => {
      const { rule: opened } = await open();
      const before = await seen();

      await access.keepUntil(target, opened, end + 600);

      expect(await seen()).toEqual({ ...before, tags: { ...before?.tags, expiresAt: end + 600 } });
    });

    test('fails for a rule that is gone', async () => {
      const { rule: opened } = await open();
      await access.close(target, [opened]);

      await expect(access.keepUntil(target, opened, end)).rejects.toMatchObject(failure('rejected'));
    });
  });

  describe('the switch', () => {
    test('is armed from the first whole minute at or after the end', async () => {
      const armed = await access.arm(target, rule, end);

      expect(armed.from).toBeGreaterThanOrEqual(end);
      expect(armed.from - end).toBeLessThan(60);
      expect(armed.from % 60).toBe(0);
      expect(await access.isArmed(target, rule, end)).toBe(true);
    });

    test('is not armed before, nor for another end, nor for another rule', async () => {
      const before = await access.isArmed(target, rule, end);
      await access.arm(target, rule, end);

      expect(before).toBe(false);
      expect(await access.isArmed(target, rule, end + 60)).toBe(false);
      expect(await access.isArmed(target, ruleOf(target, '203.0.113.9/32'), end)).toBe(false);
    });

    test('is moved by arming it again', async () => {
      await access.arm(target, rule, end);

      await access.arm(target, rule, end + 600);

      expect(await access.isArmed(target, rule, end + 600)).toBe(true);
      expect(await access.isArmed(target, rule, end)).toBe(false);
    });

    test('may be armed again for the same end, as after a restart', async () => {
      const first = await access.arm(target, rule, end);

      const second = await access.arm(target, rule, end);

      expect(second).toEqual(first);
    });

    test('answers what is there after a lost answer', async () => {
      world.loseAnswer('arm');
      await expect(access.arm(target, rule, end)).rejects.toMatchObject(failure('unknown-outcome'));

      await access.arm(target, rule, end);

      expect(await access.isArmed(target, rule, end)).toBe(true);
    });

    test('says so when arming is throttled', async () => {
      world.throttle('arm');

      await expect(access.arm(target, rule, end)).rejects.toMatchObject(failure('throttled'));

      expect(await access.isArmed(target, rule, end)).toBe(false);
    });

    test('once pinned is armed for that rule id alone', async () => {
      const opened: OpenRule = { ...rule, ruleId: 'sgr-0123456789abcdef0' };
      const other: OpenRule = { ...rule, ruleId: 'sgr-0fedcba9876543210' };
      await access.arm(target, rule, end);

      await access.pin(target, opened, end);

      expect(await access.isArmed(target, opened, end)).toBe(true);
      expect(await access.isArmed(target, rule, end)).toBe(false);
      expect(await access.isArmed(target, other, end)).toBe(false);
    });

    test('is armed for a rule with an id also while it revokes by properties', async () => {
      const opened: OpenRule = { ...rule, ruleId: 'sgr-0123456789abcdef0' };

      await access.arm(target, rule, end);

      expect(await access.isArmed(target, opened, end)).toBe(true);
    });

    test('cannot be pinned when somebody removed it', async () => {
      await access.arm(target, rule, end);
      await world.removeSwitch(rule);

      const pinning = access.pin(target, { ...rule, ruleId: 'sgr-0123456789abcdef0' }, end);

      await expect(pinning).rejects.toMatchObject(failure('switch-mismatch'));
      expect(await access.isArmed(target, rule, end)).toBe(false);
    });

    test('is disarmed, also twice', async () => {
      await access.arm(target, rule, end);
      await access.disarm(target, rule);

      await access.disarm(target, rule);

      expect(await access.isArmed(target, rule, end)).toBe(false);
    });
  });

  test('clocks that agree have no skew', async () => {
    expect(await access.skew(target)).toBe(0);
  });

  async function openThree(): Promise<[OpenRule, OpenRule, OpenRule]> {
    const [one, two, three] = [7, 8, 9].map((host) => ruleOf(target, `203.0.113.${host}/32`)) as [
      Rule,
      Rule,
      Rule,
    ];
    return [(await open(one)).rule, (await open(two)).rule, (await open(three)).rule];
  }
}

export const failure = (code: AccessErrorCode) => ({ name: 'AccessError', code });

export const ruleOf = (target: Target, address: string, group = target.securityGroups[0] ?? ''): Rule => ({
  account: target.account,
  region: target.region,
  group,
  port: target.port,
  address,
});
