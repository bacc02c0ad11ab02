import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { claimFolder } from '../../src/cli/demo/claim.ts';
import { startWorld, type World } from '../../src/cli/demo/world.ts';
import { launchBrowser, openPage } from './support/browser.ts';

// The product, Redis and the sandbox start for it, and AWS's eventual answers take their time.
jest.setTimeout(180_000);
const STAGE_MS = 60_000;
const DURATION_SECONDS = 12;

let world: World;
let browser: Browser;

beforeAll(async () => {
  world = await startWorld({
    folder: await claimFolder([await mkdtemp(join(tmpdir(), 'story-'))]),
    ports: 'ephemeral',
    delivery: 'socket',
    say: () => {},
  });
  browser = await launchBrowser();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await world?.stop();
  if (world) await rm(world.folder, { recursive: true, force: true });
});

test('a newcomer follows the hints from the command to the sealed record, and sees the port open and close', async () => {
  await using opened = await openPage(browser, world.sandbox.urls.page);
  const { page } = opened;
  page.setDefaultTimeout(STAGE_MS);
  const hint = page.locator('#hint-text');
  await page.getByText('connected, socket').waitFor();
  await page.locator('#tile-port[data-state=closed]').waitFor();
  const told = [await hint.innerText()];

  await ask(page);
  await hint.getByText('switch to Jonas or Priya').waitFor();
  await page.locator('[data-person] .badge').first().waitFor();
  const waiting = await page.locator('[data-person]:has(.badge) .person-name').allInnerTexts();
  await page.getByRole('radio', { name: /Jonas/ }).click();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.locator('#tile-port[data-state=open]').waitFor();
  const open = await page.locator('#tile-port').innerText();
  await page.getByText(/Armed for \d/).waitFor();
  await page.locator('#tile-port[data-state=closed]').waitFor();
  await page.locator('.step-done[data-step=sealed]').waitFor();
  told.push(await hint.innerText());
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.locator('#verify-result[data-state=ok]').waitFor();
  const verified = await page.locator('#verify-result').innerText();
  await page.getByRole('button', { name: 'Tamper' }).click();
  await page.getByRole('button', { name: 'Try: remove a commit for good' }).click();
  await page.locator('[data-name=drop] [data-state=ok]').waitFor();
  const tampered = await page.locator('[data-name=drop]').innerText();

  expect(told[0]).toContain('Type /breakglass in #incidents as Maya');
  expect(told[1]).toContain('Press Verify');
  expect(waiting.toSorted()).toEqual(['Jonas Lind', 'Priya Raman']);
  expect(open).toMatch(/OPEN\s+to 203\.0\.113\.7\s+0:\d\d left/);
  expect(await page.locator('.step-done').count()).toBe(7);
  expect(verified).toMatch(/^(\d+)\/\1 valid, (\d+)\/\2 locked$/);
  expect(tampered).toMatch(/First break at commit (\d+): commit \1 is missing/);
  expect(opened.complaints).toEqual([]);
});

async function ask(page: Page): Promise<void> {
  await page.locator('#composer textarea').fill('/breakglass');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Why?' }).fill('Settlement queue is stuck; restart its consumer');
  await page.getByRole('textbox', { name: /address/ }).fill('203.0.113.7');
  await page.getByRole('textbox', { name: 'For how long?' }).fill(`${DURATION_SECONDS}s`);
  const response = await fetch(new URL('/_sandbox/state', world.sandbox.urls.page));
  const { incidents } = (await response.json()) as { incidents: { html_url: string }[] };
  await page.getByRole('textbox', { name: 'Link to the incident' }).fill(incidents[0]!.html_url);
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}
