import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { CutEntry, OpenRule, Rule, Target } from '../../src/domain/rule.ts';
import type { EpochSeconds } from '../../src/domain/time.ts';
import type { Access, AccessErrorCode, ChangeListener, ObservedRule } from '../../src/ports/access.ts';
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
  readonly network: NetworkWorld;
  /** The next such call is carried out, and its answer lost. */
  loseAnswer(call: 'open' | 'close' | 'arm' | 'pin' | 'cut'): void;
  /** Such calls are refused for being too many, the next one at least. */
  throttle(call: 'open' | 'close' | 'arm'): void;
  end(): Promise<void>;
};

/** Two network ACLs lead to the first group, the second of them to the other group as well; none leads to the third. */
export type NetworkWorld = {
  readonly acls: readonly [string, string];
  readonly groups: readonly [string, string, string];
  /** What stands under the numbers 1 to 99, whoever made it. */
  entries(): Promise<readonly CutEntry[]>;
  /** Numbers whose removal is armed, as `acl number`. */
  removals(): Promise<readonly string[]>;
  /** Somebody makes an entry by hand: a deny of our shape, or something else. */
  addByHand(entry: CutEntry, shape: 'ours' | 'foreign'): Promise<unknown>;
  /** Interfaces forget established connections after so many seconds; null: never set. */
  forgetAfter(seconds: number | null): Promise<unknown>;
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
        source: '203.0.113.7/32',
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

      const requests = await access.close(target, [mine.rule], end);

      expect(requests).toHaveLength(1);
      expect(await seen()).toBeUndefined();
      expect(await seen(other)).toBeDefined();
    });

    test('closes a rule twice without complaint', async () => {
      const { rule: opened } = await open();
      await access.close(target, [opened], end);

      await access.close(target, [opened], end);

      expect(await seen()).toBeUndefined();
    });

    test('a rule that is gone does not keep the others of its group', async () => {
      const [gone, ...rest] = await openThree();
      await access.close(target, [gone], end);

      await access.close(target, [gone, ...rest], end);

      expect((await access.observe(target)).filter(({ tags }) => tags.deployment !== null)).toEqual([]);
    });

    test('says that the outcome is unknown when the answer is lost', async () => {
      const { rule: opened } = await open();
      world.loseAnswer('close');

      await expect(access.close(target, [opened], end)).rejects.toMatchObject(failure('unknown-outcome'));
    });

    test('says so when it stays throttled; the rule is still there', async () => {
      const { rule: opened } = await open();
      world.throttle('close');

      await expect(access.close(target, [opened], end)).rejects.toMatchObject(failure('throttled'));

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
      await access.close(target, [opened], end);

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

      expect(second).toEqual({ ...first, awsRequests: [] });
    });

    test('answers the AWS request of every change, and none where nothing was changed', async () => {
      const { rule: opened } = await open();

      const armed = await access.arm(target, rule, end);
      const moved = await access.arm(target, rule, end + 600);
      const pinned = await access.pin(target, opened, end);
      const tagged = await access.keepUntil(target, opened, end + 600);
      const disarmed = await access.disarm(target, rule);
      const again = await access.disarm(target, rule);

      const changes = [armed.awsRequests, moved.awsRequests, pinned, tagged, disarmed];
      for (const awsRequests of changes) expect(awsRequests).toEqual([expect.stringMatching(/./)]);
      expect(new Set(changes.flat()).size).toBe(5);
      expect(again).toEqual([]);
    });

    test('goes by what is read back where the answer is lost', async () => {
      const opened: OpenRule = { ...rule, ruleId: 'sgr-0123456789abcdef0' };
      world.loseAnswer('arm');

      const armed = await access.arm(target, rule, end);
      world.loseAnswer('pin');
      const pinned = await access.pin(target, opened, end);

      expect([armed.awsRequests, pinned]).toEqual([[], []]);
      expect(await access.isArmed(target, opened, end)).toBe(true);
      expect(await access.isArmed(target, rule, end)).toBe(false);
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
      expect(await access.isPinned(target, opened, end)).toBe(true);
      expect(await access.isPinned(target, opened, end + 600)).toBe(false);
    });

    test('is armed for a rule with an id also while it revokes by properties', async () => {
      const opened: OpenRule = { ...rule, ruleId: 'sgr-0123456789abcdef0' };

      await access.arm(target, rule, end);

      expect(await access.isArmed(target, opened, end)).toBe(true);
      expect(await access.isPinned(target, opened, end)).toBe(false);
    });

    test('cannot be pinned when somebody removed it', async () => {
      await access.arm(target, rule, end);
      await world.removeSwitch(rule);

      const pinning = access.pin(target, { ...rule, ruleId: 'sgr-0123456789abcdef0' }, end);

      await expect(pinning).rejects.toMatchObject(failure('switch-gone'));
      expect(await access.isArmed(target, rule, end)).toBe(false);
    });

    test('is disarmed, also twice', async () => {
      await access.arm(target, rule, end);
      await access.disarm(target, rule);

      await access.disarm(target, rule);

      expect(await access.isArmed(target, rule, end)).toBe(false);
    });
  });

  describe('cutting connections', () => {
    const NUMBERS = { first: 50, last: 59 };
    let cutting: Target;
    let shared: Rule;
    let until: EpochSeconds;
    let changedEntries: string[];

    beforeEach(() => {
      changedEntries = [];
      const [first, second] = world.network.groups;
      cutting = { ...target, securityGroups: [first], cut: NUMBERS };
      rule = ruleOf(target, '203.0.113.7/32', first);
      shared = ruleOf(target, '203.0.113.7/32', second);
      until = world.now() + 1_500;
    });

    const changed: ChangeListener = (what, awsRequests) => {
      if (what === 'entry') changedEntries.push(...awsRequests);
    };
    const cut = (inUse: readonly Rule[] = []) => access.cut(cutting, [rule], until, inUse, changed);
    const uncut = (...entries: readonly CutEntry[]) =>
      Promise.all(entries.map((entry) => access.uncut(cutting, entry, changed)));
    const slots = (entries: readonly CutEntry[]) =>
      entries.map(({ acl, ruleNumber }) => `${acl} ${ruleNumber}`).toSorted();
    const byAcl = (entries: readonly CutEntry[]) => entries.toSorted((a, b) => a.acl.localeCompare(b.acl));

    test('denies the host its port in every network ACL that leads to the group, each with its removal armed', async () => {
      const { entries, spared } = await cut();

      const made = byAcl(entries);
      expect(made.map(({ acl }) => acl)).toEqual(world.network.acls);
      for (const { ruleNumber, port, address } of made) {
        expect({ port, address }).toEqual({ port: 8443, address: '203.0.113.7/32' });
        expect(ruleNumber).toBeGreaterThanOrEqual(NUMBERS.first);
        expect(ruleNumber).toBeLessThanOrEqual(NUMBERS.last);
      }
      expect([spared, changedEntries.length]).toEqual([false, 2]);
      expect(byAcl(await world.network.entries())).toEqual(made);
      expect(byAcl(await access.observeCuts(cutting))).toEqual(made);
      expect((await world.network.removals()).toSorted()).toEqual(slots(made));
    });

    test('denies an IPv6 host as well', async () => {
      rule = ruleOf(target, '2001:db8::7/128', rule.group);

      const { entries } = await cut();

      expect(entries).toHaveLength(2);
      expect(byAcl(await access.observeCuts(cutting))).toEqual(byAcl(entries));
    });

    test('twice leaves the entries that are there, and answers them', async () => {
      const first = await cut();

      const second = await cut();

      expect(byAcl(second.entries)).toEqual(byAcl(first.entries));
      expect(await world.network.entries()).toHaveLength(2);
    });

    test('adopts what it made when the answer was lost', async () => {
      world.loseAnswer('cut');
      await expect(cut()).rejects.toMatchObject(failure('unknown-outcome'));

      const { entries } = await cut();

      expect(byAcl(await world.network.entries())).toEqual(byAcl(entries));
    });

    test('leaves a network ACL alone that a rule in use shares, and says so', async () => {
      const { entries, spared } = await cut([shared]);

      expect([entries.map(({ acl }) => acl), spared]).toEqual([[world.network.acls[0]], true]);
      expect(byAcl(await world.network.entries())).toEqual(entries);
    });

    test('takes the next number where somebody has one, and never theirs', async () => {
      const [acl] = world.network.acls;
      const { entries } = await cut();
      await uncut(...entries);
      const [{ ruleNumber } = never()] = entries.filter((entry) => entry.acl === acl);
      const other = { acl, ruleNumber, port: 8443, address: '198.51.100.9/32' };
      await world.network.addByHand(other, 'ours');

      const again = await cut();

      expect(await world.network.entries()).toContainEqual(other);
      expect(again.entries).toHaveLength(2);
      expect(again.entries).not.toContainEqual(expect.objectContaining({ acl, ruleNumber }));
    });

    test('makes nothing where no number is free', async () => {
      const [acl] = world.network.acls;
      cutting = { ...cutting, cut: { first: 50, last: 50 } };
      const other = { acl, ruleNumber: 50, port: 8443, address: '198.51.100.9/32' };
      await world.network.addByHand(other, 'ours');

      await expect(cut()).rejects.toMatchObject(failure('acl-full'));

      expect((await world.network.entries()).filter((entry) => entry.acl === acl)).toEqual([other]);
    });

    test('shows entries of our shape under our numbers, and nothing else', async () => {
      const [acl] = world.network.acls;
      const ours = { acl, ruleNumber: 53, port: 8443, address: '198.51.100.9/32' };
      await world.network.addByHand(ours, 'ours');
      await world.network.addByHand({ ...ours, ruleNumber: 54 }, 'foreign');
      await world.network.addByHand({ ...ours, ruleNumber: 60 }, 'ours');

      expect(await access.observeCuts(cutting)).toEqual([ours]);
    });

    test('is undone for exactly these entries, with what was armed for them, also twice', async () => {
      const { entries } = await cut();
      const [mine = never(), other = never()] = entries;
      await uncut(mine);

      await uncut(mine);

      expect(await world.network.entries()).toEqual([other]);
      expect(await world.network.removals()).toEqual(slots([other]));
    });

    test('is not undone where the number holds another host by now, whose removal stays armed', async () => {
      const { entries } = await cut();
      const gone = entries.map((entry) => ({ ...entry, address: '198.51.100.9/32' }));

      await uncut(...gone);

      expect(byAcl(await world.network.entries())).toEqual(byAcl(entries));
      expect((await world.network.removals()).toSorted()).toEqual(slots(entries));
    });

    test('is possible where interfaces forget connections in time and numbers are free', async () => {
      await world.network.addByHand(
        { acl: world.network.acls[0], ruleNumber: 53, port: 8443, address: '198.51.100.9/32' },
        'ours',
      );

      expect(await access.cutProblem(cutting, [rule], [shared])).toBeUndefined();
      expect(await world.network.removals()).toEqual([]);
    });

    test.each([null, 351])(
      'is not possible where an interface tracks connections for longer (%s)',
      async (seconds) => {
        await world.network.forgetAfter(seconds);

        expect(await access.cutProblem(cutting, [rule], [])).toContain('TcpEstablishedTimeout');
      },
    );

    test('is not possible where somebody else has an entry under our numbers', async () => {
      const [acl] = world.network.acls;
      await world.network.addByHand(
        { acl, ruleNumber: 53, port: 8443, address: '198.51.100.9/32' },
        'foreign',
      );

      expect(await access.cutProblem(cutting, [rule], [])).toContain(acl);
    });

    test('is not possible where fewer numbers are free than may be needed at once', async () => {
      cutting = { ...cutting, cut: { first: 50, last: 50 } };
      const elsewhere = ruleOf(target, '198.51.100.9/32', world.network.groups[2]);
      const other = ruleOf(target, '198.51.100.9/32', shared.group);

      expect(await access.cutProblem(cutting, [rule], [elsewhere])).toBeUndefined();
      expect(await access.cutProblem(cutting, [rule], [other])).toContain(world.network.acls[1]);
    });

    test('has nothing to do where nothing carries the group, or the workflow asks for none', async () => {
      const idle = { ...cutting, securityGroups: [world.network.groups[2]] };
      const unreachable = ruleOf(target, '203.0.113.7/32', world.network.groups[2]);
      const none = { ...cutting, cut: null };
      await world.network.forgetAfter(null);

      expect(await access.cutProblem(idle, [unreachable], [])).toBeUndefined();
      expect(await access.cutProblem(none, [rule], [])).toBeUndefined();
      expect(await access.cut(idle, [unreachable], until, [], changed)).toEqual({
        entries: [],
        spared: false,
      });
      expect(await access.cut(none, [rule], until, [], changed)).toEqual({ entries: [], spared: false });
      expect(await access.observeCuts(none)).toEqual([]);
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

function never(): never {
  throw new Error('there is nothing');
}

export const failure = (code: AccessErrorCode) => ({ name: 'AccessError', code });

export const ruleOf = (target: Target, address: string, group = target.securityGroups[0] ?? ''): Rule => ({
  account: target.account,
  region: target.region,
  group,
  port: target.port,
  address,
});
