// Plays a request on a world of its own and takes a picture of the page at each stage, in both sizes and both colour
// schemes: node scripts/screenshots.mjs [folder, default .cache/screenshots]
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { buildIfChanged } from './lib/build.mjs';
import { CACHE, DIST } from './lib/paths.mjs';

const SIZES = [
  { width: 1280, height: 800 },
  { width: 1440, height: 900 },
];
const SCHEMES = ['light', 'dark'];
const WORLD = 'screenshots';
const REASON = 'Settlement queue is stuck; restart its consumer from the console';
/** Longer than any stage takes to photograph; the window is ended by hand. */
const DURATION = '3m';
const STAGE_MS = 40_000;
/** A flash is over by then. */
const SETTLE_MS = 1600;

const folder = resolve(process.argv[2] ?? join(CACHE, 'screenshots'));
await mkdir(folder, { recursive: true });
await buildIfChanged();
const { startWorld } = await fromDist('cli/demo/world.js');
const { claimFolder } = await fromDist('cli/demo/claim.js');
const { pageSomebody } = await fromDist('cli/demo/page-somebody.js');
const { SandboxClient } = await fromDist('sandbox/client.js');
const { findChromium } = await fromDist('sandbox/programs/find-chromium.js');

const world = await startWorld({
  folder: await claimFolder([join(CACHE, 'demo', WORLD)], { fresh: true }),
  ports: 'preferred',
  delivery: 'socket',
  say: console.error,
});
const { command, args, env } = await findChromium();
const browser = await chromium.launch({
  executablePath: command,
  args: [...args, '--disable-gpu'],
  env: { ...process.env, ...env },
});
try {
  await play(await openPages());
} finally {
  await browser.close();
  await world.stop();
}

async function play(pages) {
  const [first] = pages;
  const everywhere = (act) => Promise.all(pages.map(({ page }) => act(page)));
  const become = (name) => everywhere((page) => page.getByRole('radio', { name }).click());
  const reached = (step) =>
    everywhere((page) => page.locator(`.step:is(.step-done, .step-bad)[data-step=${step}]`).waitFor());
  const card = (page) => page.locator('#messages .message').last();

  await pageSomebody(new SandboxClient(world.sandbox.urls.page));
  await everywhere((page) => page.locator('#tile-port[data-state=closed]').waitFor());
  await everywhere((page) => page.getByText('connected, socket').waitFor());
  await shoot(pages, 'empty');

  await ask(first.page);
  await everywhere((page) => page.getByRole('textbox', { name: 'Why?' }).waitFor());
  await everywhere(async (page) => {
    await page.getByRole('textbox', { name: 'Why?' }).fill('restart');
    await page.getByRole('textbox', { name: 'Link to the incident' }).fill('https://example.com/42');
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page.locator('.field-error').first().waitFor();
  });
  await shoot(pages, 'modal-errors');

  await fillIn(first.page);
  await reached('asked');
  await everywhere((page) => page.getByRole('button', { name: 'Approve' }).waitFor());
  await become(/Jonas/);
  await shoot(pages, 'pending');

  await first.page.getByRole('button', { name: 'Approve' }).click();
  await reached('open');
  await everywhere((page) => page.locator('#tile-port[data-state=open]').waitFor());
  await everywhere((page) => card(page).getByRole('button', { name: /repl/ }).click());
  await become(/Maya/);
  await shoot(pages, 'open');

  await first.page.locator('#messages').getByRole('button', { name: 'Extend by 30m' }).click();
  await everywhere((page) =>
    page.locator('#messages').getByRole('button', { name: 'Approve extension' }).waitFor(),
  );
  await become(/Jonas/);
  await shoot(pages, 'extension');

  await first.page.locator('#messages').getByRole('button', { name: 'Approve extension' }).click();
  await everywhere((page) => page.locator('#messages').getByText('Extended').first().waitFor());
  await shoot(pages, 'extended');
  await say(first.page, '/breakglass close-all');
  await everywhere((page) => page.getByRole('button', { name: 'Close all' }).waitFor());
  await shoot(pages, 'close-all');

  await become(/Maya/);
  await first.page.locator('#messages').getByRole('button', { name: 'I’m done' }).click();
  await reached('closed');
  await everywhere((page) => page.locator('#tile-port[data-state=closed]').waitFor());
  await shoot(pages, 'closed', { settle: false });

  await reached('sealed');
  await everywhere(async (page) => {
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.locator('#verify-result[data-state]').waitFor();
  });
  await shoot(pages, 'sealed');

  await everywhere((page) => page.keyboard.press('Escape'));
  await everywhere((page) =>
    page
      .getByRole('button', { name: 'Close thread' })
      .click({ timeout: 1000 })
      .catch(() => {}),
  );
  await ask(first.page);
  await fillIn(first.page);
  await become(/Priya/);
  await first.page.getByRole('button', { name: 'Deny' }).click();
  await first.page.getByRole('alertdialog').getByRole('button', { name: 'Deny' }).click();
  await reached('sealed');
  await shoot(pages, 'denied');

  await become(/Priya/);
  for (const channel of ['breakglass-audit', 'security-alerts']) {
    await everywhere((page) => page.getByRole('button', { name: channel }).click());
    await everywhere((page) => page.locator('#messages .message').first().waitFor());
    await shoot(pages, channel);
  }
}

async function openPages() {
  const pages = [];
  for (const viewport of SIZES) {
    for (const colorScheme of SCHEMES) {
      const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce' });
      page.setDefaultTimeout(STAGE_MS);
      await page.goto(world.sandbox.urls.page);
      await page.locator('#connection[data-state=up]').waitFor();
      pages.push({ page, name: `${viewport.width}x${viewport.height}-${colorScheme}` });
    }
  }
  return pages;
}

async function say(page, text) {
  await page.locator('#composer textarea').fill(text);
  await page.locator('#composer textarea').press('Enter');
}

async function ask(page) {
  await page.getByRole('radio', { name: /Maya/ }).click();
  await say(page, '/breakglass');
  await page.getByRole('textbox', { name: 'Why?' }).waitFor();
}

async function fillIn(page) {
  await page.getByRole('textbox', { name: 'Why?' }).fill(REASON);
  await page.getByRole('textbox', { name: 'For how long?' }).fill(DURATION);
  const [{ html_url: link }] = await incidents();
  await page.getByRole('textbox', { name: 'Link to the incident' }).fill(link);
  await page.getByRole('textbox', { name: /address/i }).fill('203.0.113.7');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

async function incidents() {
  const response = await fetch(new URL('/_sandbox/state', world.sandbox.urls.page));
  return (await response.json()).incidents;
}

async function shoot(pages, stage, { settle = true } = {}) {
  if (settle) await pages[0].page.waitForTimeout(SETTLE_MS);
  for (const { page, name } of pages) await page.screenshot({ path: join(folder, `${stage}-${name}.png`) });
  console.log(`${stage}: ${pages.length} pictures`);
}

function fromDist(path) {
  return import(pathToFileURL(join(DIST, path)).href);
}
