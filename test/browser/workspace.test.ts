import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AuthorizeSecurityGroupIngressCommand,
  EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { type Sandbox, SANDBOX_CREDENTIALS, startSandbox } from '../../src/sandbox/index.ts';
import { launchBrowser, openPage } from './support/browser.ts';
import { askingView, CONSOLE_GROUP, INCIDENTS, JONAS, MAYA, pendingCard } from './support/scenes.ts';
import { slackCall, TinyApp } from './support/tiny-app.ts';

jest.setTimeout(60_000);

const TOKEN = 'xoxb-page-test';
let stateDir: string;
let browser: Browser;
let app: TinyApp;
let sandbox: Sandbox;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'breakglass-page-'));
  app = await TinyApp.start();
  sandbox = await startSandbox({
    stateDir,
    ports: 'ephemeral',
    requestUrl: app.url,
    signingSecret: 'page-test',
    botToken: TOKEN,
    appToken: 'xapp-page-test',
    probeEveryMs: 200,
  });
  browser = await launchBrowser();
}, 60_000);

afterAll(async () => {
  await browser.close();
  await sandbox.close();
  await app[Symbol.asyncDispose]();
  await rm(stateDir, { recursive: true, force: true });
});

const call = (method: string, body: Record<string, unknown>) =>
  slackCall(sandbox.urls.slackApi, TOKEN, method, body);

test('a command, its modal with an error, a card and its approval go through the sandbox’s Slack', async () => {
  await using opened = await openPage(browser, sandbox.urls.page);
  const { page } = opened;
  const { id: _, ...view } = askingView();
  const blocks = view['blocks'] as { block_id: string }[];

  await page.locator('#composer textarea').fill('/breakglass');
  await page.keyboard.press('Enter');
  const command = await app.next();
  command.answer();
  await call('views.open', {
    trigger_id: command.payload['trigger_id'],
    view: { ...view, blocks: blocks.filter(({ block_id }) => block_id !== 'workflow') },
  });
  await page.getByRole('textbox', { name: 'Reason' }).fill('too short');
  await page
    .getByRole('textbox', { name: 'Incident link' })
    .fill('https://example.pagerduty.com/incidents/PINC0042');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  (await app.next()).answer({ response_action: 'errors', errors: { reason: 'At least 15 characters.' } });
  await page.getByRole('alert').filter({ hasText: 'At least 15 characters.' }).waitFor();
  await page.getByRole('textbox', { name: 'Reason' }).fill('Restart the settlement consumer');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  const submission = await app.next();
  submission.answer();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const { ts } = await call('chat.postMessage', {
    channel: INCIDENTS,
    text: 'Break glass',
    blocks: pendingCard(),
  });
  await page.locator(`[data-person="${JONAS}"] .badge`).waitFor();
  await page.locator(`[data-person="${JONAS}"]`).click();
  await page.getByRole('button', { name: 'Approve' }).click();
  const approval = await app.next();
  approval.answer();
  await call('chat.postMessage', { channel: INCIDENTS, thread_ts: ts, text: 'Approved by <@U0JONAS001>' });
  await page.getByRole('button', { name: '1 reply' }).click();
  await page.locator('#thread').getByText('Approved by @Jonas Lind').waitFor();
  await call('chat.postEphemeral', { channel: INCIDENTS, user: JONAS, text: 'Recorded.' });
  await page.locator('.message-ephemeral', { hasText: 'Recorded.' }).waitFor();

  expect(command.payload).toMatchObject({ command: '/breakglass', user_id: MAYA });
  expect(submission.payload).toMatchObject({
    view: {
      state: {
        values: {
          source: { source: { value: '203.0.113.7' } },
          reason: { reason: { value: 'Restart the settlement consumer' } },
        },
      },
    },
  });
  expect(approval.payload).toMatchObject({
    user: { id: JONAS },
    actions: [{ action_id: 'approve', value: 'request-1' }],
  });
  expect(opened.complaints).toEqual([]);
});

test('a direct message opens its own place, and counts as waiting until it is read', async () => {
  await using opened = await openPage(browser, sandbox.urls.page);
  const { page } = opened;
  // With the people comes what waits for them.
  await page.locator('[data-person="U0PRIYA001"]').waitFor();
  const badge = page.locator(`[data-person="U0PRIYA001"] .badge`);
  const before = (await badge.count()) > 0 ? Number.parseInt((await badge.textContent()) ?? '', 10) : 0;

  const { channel } = await call('conversations.open', { users: 'U0PRIYA001' });
  await call('chat.postMessage', { channel: (channel as { id: string }).id, text: 'For your eyes' });
  await page.locator(`[data-person="U0PRIYA001"] .badge`, { hasText: String(before + 1) }).waitFor();
  await page.locator('[data-person="U0PRIYA001"]').click();
  await page.getByRole('button', { name: /^breakglass\W*unread/ }).click();
  await page.getByText('For your eyes').waitFor();

  expect(await page.getByRole('button', { name: /^breakglass\W*unread/ }).count()).toBe(0);
});

test('the port tile follows what a real connection finds when AWS changes the rules', async () => {
  await using opened = await openPage(browser, sandbox.urls.page);
  const { page } = opened;
  const ec2 = new EC2Client({
    region: 'eu-west-1',
    endpoint: sandbox.urls.aws,
    credentials: SANDBOX_CREDENTIALS.admin,
  });
  await page.locator('#tile-port[data-state=closed]').waitFor();

  const expires = Math.floor(Date.now() / 1000) + 90;
  const { SecurityGroupRules: rules } = await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: CONSOLE_GROUP,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, IpRanges: [{ CidrIp: '203.0.113.7/32' }] },
      ],
      TagSpecifications: [
        {
          ResourceType: 'security-group-rule',
          Tags: [{ Key: 'breakglass:expires-at', Value: String(expires) }],
        },
      ],
    }),
  );
  await page.locator('#tile-port[data-state=open]').waitFor();
  const left = await page.locator('#port-left').innerText();
  await ec2.send(
    new RevokeSecurityGroupIngressCommand({
      GroupId: CONSOLE_GROUP,
      SecurityGroupRuleIds: [rules?.[0]?.SecurityGroupRuleId ?? ''],
    }),
  );
  await page.locator('#tile-port[data-state=closed]').waitFor();

  expect(left).toMatch(/^1:[23]\d left$/);
  expect(await page.locator('#certificate-body').innerText()).toMatch(/Serial\s+([0-9a-f]{2}:)+/);
  ec2.destroy();
});
