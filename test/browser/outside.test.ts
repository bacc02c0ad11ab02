import { describe, expect, test } from '@jest/globals';
import { AWS_WORLD } from '../../src/sandbox/world.ts';
import { asked, CONSOLE_GROUP, JONAS, openRule, probe, record } from './support/scenes.ts';
import { stages } from './support/stage.ts';

const stage = stages();

describe('the port tile', () => {
  test('is closed, open with the time left, and grey when the probe itself fails, in words each time', async () => {
    await using at = await stage();
    const tile = at.page.locator('#tile-port');
    const texts = [];

    probe(at.front, false);
    await at.page.locator('#tile-port[data-state=closed]').waitFor();
    texts.push(await tile.innerText());
    openRule(at.front, 272);
    probe(at.front, true);
    await at.page.locator('#tile-port[data-state=open]').waitFor();
    texts.push(await tile.innerText());
    probe(at.front, null, 'connect EADDRNOTAVAIL');
    await at.page.locator('#tile-port[data-state=unknown]').waitFor();
    texts.push(await tile.innerText());

    expect(texts[0]).toMatch(/PORT 8443\s+CLOSED\s+203\.0\.113\.7 is refused/);
    expect(texts[1]).toMatch(/PORT 8443\s+OPEN\s+to 203\.0\.113\.7\s+4:(3[0-2]|2\d) left/);
    expect(texts[2]).toMatch(/PORT 8443\s+UNKNOWN\s+the probe itself failed\s+connect EADDRNOTAVAIL/);
  });

  test('does not believe a rule: with one in place and no connection, the port is closed', async () => {
    await using at = await stage();
    openRule(at.front, 300);
    await at.page.locator('.rule-ours').waitFor();

    probe(at.front, false);
    await at.page.locator('#tile-port[data-state=closed]').waitFor();

    expect(await at.page.locator('#port-word').innerText()).toBe('CLOSED');
  });

  test('turns grey when the probes stop coming', async () => {
    await using at = await stage();
    await at.page.clock.install();
    probe(at.front, false);
    await at.page.locator('#tile-port[data-state=closed]').waitFor();

    await at.page.clock.fastForward(10_000);

    await at.page.locator('#tile-port[data-state=unknown]').waitFor();
    expect(await at.page.locator('#port-detail').innerText()).toBe('no probe for some seconds');
  });
});

test('rules tell ours, with the time left, from standing ones', async () => {
  await using at = await stage();

  openRule(at.front, 100);
  await at.page.locator('.rule-ours').waitFor();

  const rules = await at.page.locator('.rule').allInnerTexts();
  expect(rules[0]).toMatch(/10\.20\.0\.5\/32[^]*standing[^]*monitoring/);
  expect(rules[1]).toMatch(/203\.0\.113\.7\/32[^]*1:(40|3\d) left/);
});

test('the certificate says when it changed, and flashes then only', async () => {
  await using at = await stage();
  const tile = at.page.locator('#tile-certificate');
  await at.page.getByText('changed 3 d ago').waitFor();
  const flashedAtFirst = await tile.evaluate((element) => element.classList.contains('flash'));

  at.front.emit('aws.certificate', {
    arn: AWS_WORLD.certificate,
    serial: '0A1B2C3D4E5F60718293',
    fingerprint: 'ab'.repeat(32),
    importedAt: new Date().toISOString(),
  });
  await at.page.locator('#tile-certificate.flash').waitFor();

  expect(flashedAtFirst).toBe(false);
  expect(await tile.innerText()).toMatch(/0a:1b:2c…82:93[^]*ab:ab:ab…ab:ab[^]*changed \d s ago/);
});

test('the switch is not armed, and then armed for its minute', async () => {
  await using at = await stage({ timezoneId: 'UTC' });
  const tile = at.page.locator('#tile-switch');
  const before = await tile.innerText();

  const schedule = {
    name: 's',
    group: 'breakglass',
    state: 'ENABLED',
    expression: 'rate(1 minute)',
    start: '2026-11-22T03:04:00Z',
    target: 'arn:aws:scheduler:::aws-sdk:ec2:revokeSecurityGroupIngress',
  };
  at.front.emit('aws.schedules', { schedules: [schedule] });
  await tile.getByText('Armed for 03:04').waitFor();

  expect(before).toContain('Not armed');
  expect(await tile.innerText()).not.toMatch(/false|undefined/);
});

test('a schedule that lifts what cut connections is not the switch', async () => {
  await using at = await stage();
  const tile = at.page.locator('#tile-switch');

  const target = 'arn:aws:scheduler:::aws-sdk:ec2:deleteNetworkAclEntry';
  at.front.emit('aws.schedules', {
    schedules: [{ name: 's', group: 'breakglass', state: 'ENABLED', start: null, target }],
  });
  await tile.getByText('1 schedule will lift what cut connections').waitFor();

  expect(await tile.innerText()).toContain('Not armed');
});

describe('the log tile', () => {
  test('counts the records, and Verify says n of n', async () => {
    await using at = await stage();
    at.front.append(asked(0), record('approval.given', 5));
    at.front.answer('verify', () => ({
      valid: true,
      records: 2,
      checkpoints: { given: 3, contained: 3 },
    }));
    await at.page.getByText('2 records').waitFor();

    await at.page.getByRole('button', { name: 'Verify' }).click();

    await at.page
      .locator('#verify-result[data-state=ok]')
      .filter({ hasText: '2/2 valid, 3/3 checkpoints' })
      .waitFor();
  });

  test('names the first break in words, or that nothing could be checked', async () => {
    await using at = await stage();
    const verify = at.page.getByRole('button', { name: 'Verify' });
    const result = at.page.locator('#verify-result');
    at.front.answer('verify', () => ({
      valid: false,
      records: 6,
      firstBreak: { commit: 4, code: 'bad-root', text: 'the tree is another one' },
    }));
    await verify.click();
    await at.page.locator('#verify-result[data-state=bad]').waitFor();
    const broken = await result.innerText();
    at.front.answer('verify', () => {
      throw new Error('this sandbox was started without a verifier');
    });

    await verify.click();
    await at.page.locator('#verify-result[data-state=unknown]').waitFor();

    expect(broken).toBe('First break at commit 4: the tree is another one');
    expect(await result.innerText()).toBe('this sandbox was started without a verifier');
  });
});

describe('the timeline', () => {
  test('shows each step of the newest request with the seconds between', async () => {
    await using at = await stage();

    at.front.append(asked(0, { request: 'older' }));
    at.front.append(asked(60), record('approval.given', 81.4));
    at.front.append(
      record('open.armed', 82),
      record('open.confirmed', 84, { openedAt: Date.UTC(2026, 10, 22, 3, 1, 23) }),
    );
    await at.page.locator('.step-done[data-step=open]').waitFor();

    const steps = await at.page
      .locator('.step')
      .evaluateAll((items) =>
        items.map((item) => [
          item.getAttribute('data-step'),
          item.className.split('-').at(-1),
          item.querySelector('.step-gap')?.lastChild?.textContent ?? '',
        ]),
      );
    expect(steps).toEqual([
      ['asked', 'done', ''],
      ['approved', 'done', '+21 s'],
      ['armed', 'done', '+0.6 s'],
      ['open', 'done', '+1.0 s'],
      ['closed', 'next', ''],
      ['rotated', 'later', ''],
      ['sealed', 'later', ''],
    ]);
  });

  test.each([
    ['request.denied', 'denied'],
    ['request.withdrawn', 'withdrawn'],
    ['request.lapsed', 'lapsed'],
  ])('%s ends it early, by name', async (type, name) => {
    await using at = await stage();

    at.front.append(asked(0), record(type, 12), record('request.sealed', 13));
    await at.page.locator('.step-bad').waitFor();

    expect(await at.page.locator('.step-label').allTextContents()).toEqual(['asked', name, 'sealed']);
  });

  test.each([
    [
      'one of two approvals',
      [asked(0, { approvalsNeeded: 2 }), record('approval.given', 3)],
      ['asked', '1 of 2', 'armed', 'open', 'closed', 'rotated', 'sealed'],
    ],
    [
      'an opening that was undone',
      [asked(0), record('approval.given', 3), record('close.confirmed', 9)],
      ['asked', 'approved', 'not armed', 'not open', 'closed', 'rotated', 'sealed'],
    ],
    [
      'a rule that another grant keeps',
      [asked(0), record('close.confirmed', 9, { connections: 'kept-by-another-grant' })],
      ['asked', 'not approved', 'not armed', 'not open', 'ended', 'rotated', 'sealed'],
    ],
    [
      'a workflow that rotates nothing',
      [asked(0), record('rotation.skipped', 9)],
      ['asked', 'approved', 'armed', 'open', 'closed', 'not rotated', 'sealed'],
    ],
    [
      'an opening that failed',
      [asked(0), record('approval.given', 2), record('open.armed', 3), record('open.failed', 4)],
      ['asked', 'approved', 'armed', 'failed', 'sealed'],
    ],
  ])('calls %s what it is', async (_, records, labels) => {
    await using at = await stage();

    at.front.append(...records);
    await at.page.locator('.step-done').first().waitFor();

    expect(await at.page.locator('.step-label').allTextContents()).toEqual(labels);
  });

  test('is read again after a reload', async () => {
    await using at = await stage();
    at.front.append(asked(0), record('approval.given', 5));
    await at.page.locator('.step-done[data-step=approved]').waitFor();

    await at.page.reload();

    await at.page.locator('.step-done[data-step=approved]').waitFor();
    expect(await at.page.locator('#timeline-what').innerText()).toBe('Maya Okafor · Payments admin console');
  });
});

test('the hint names the next step each time, until it is dismissed for good', async () => {
  await using at = await stage();
  const hint = at.page.locator('#hint');
  const texts = [await hint.innerText()];

  at.front.append(asked(0));
  await hint.getByText('switch to Jonas or Priya').waitFor();
  await at.page.locator(`[data-person="${JONAS}"]`).click();
  await hint.getByText('press Approve').waitFor();
  at.front.append(record('approval.given', 5));
  await hint.getByText('Watch the right').waitFor();
  await at.page.getByRole('button', { name: 'Dismiss hints' }).click();
  await at.page.reload();
  await at.page.locator('#connection[data-state=up]').waitFor();

  expect(texts[0]).toContain('Type /breakglass in #incidents as Maya');
  expect(await hint.isVisible()).toBe(false);
});

test('a second group appears once one of ours is in it', async () => {
  await using at = await stage();
  const groups = () => at.page.locator('.rule-group').allTextContents();
  await at.page.locator('.rule-group').first().waitFor();
  const before = await groups();

  const ours = {
    id: 'sgr-1',
    fromPort: 8443,
    toPort: 8443,
    protocol: 'tcp',
    cidr: null,
    source: 'pl-1',
    tags: { 'breakglass:request': 'r' },
  };
  at.front.emit('aws.rules', { groupId: 'sg-0fedcba9876543210', rules: [ours] });
  await at.page.locator('.rule-ours').waitFor();

  expect(before).toEqual([AWS_WORLD.securityGroups.find(({ id }) => id === CONSOLE_GROUP)?.name]);
  expect(await groups()).toEqual(AWS_WORLD.securityGroups.map(({ name }) => name));
});
