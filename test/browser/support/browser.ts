import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../../src/sandbox/programs/find-chromium.ts';

const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A headless Chromium with a profile of its own, found the way every program of this project is found. */
export async function launchBrowser(): Promise<Browser> {
  const { command, args, env } = await findChromium();
  return chromium.launch({
    executablePath: command,
    args: [...args, ...QUIET],
    env: { ...definedEnvironment(), ...env },
    headless: true,
  });
}

/** Node's type admits undefined values, the browser's environment does not. */
function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  /** Addresses of all requests that the page made. */
  readonly requests: readonly string[];
  /** Errors thrown in the page, and what it or its security policy complained about on the console. */
  readonly complaints: readonly string[];
}

/** Opens the workspace page in a fresh context, and waits until it shows the state. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.goto(url);
  await page.locator('#connection[data-state="up"]').waitFor();
  return { page, requests, complaints, [Symbol.asyncDispose]: () => context.close() };
}
