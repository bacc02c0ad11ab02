import { afterAll, beforeAll, jest } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser, type OpenedPage, openPage } from './browser.ts';
import { FakeFront } from './fake-front.ts';

/** For a machine that is busy with other tests; what is waited for usually comes in milliseconds. */
const TEST_MS = 40_000;
/** Starting a browser that has to be unpacked first takes a while. */
const START_MS = 60_000;

export interface Stage extends AsyncDisposable {
  readonly front: FakeFront;
  readonly page: Page;
  readonly opened: OpenedPage;
  /** Another visitor, in a browser profile of their own. */
  another(options?: BrowserContextOptions): Promise<OpenedPage>;
}

/** One browser for a test file; a server and a page for each test. */
export function stages(): (
  options?: BrowserContextOptions,
  prepare?: (front: FakeFront) => void,
) => Promise<Stage> {
  jest.setTimeout(TEST_MS);
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, START_MS);
  afterAll(() => browser.close());

  return async (options, prepare) => {
    const front = await FakeFront.start();
    prepare?.(front);
    const opened = await openPage(browser, front.url, options);
    return {
      front,
      opened,
      page: opened.page,
      another: (more) => openPage(browser, front.url, more),
      async [Symbol.asyncDispose]() {
        await opened[Symbol.asyncDispose]();
        await front[Symbol.asyncDispose]();
      },
    };
  };
}
