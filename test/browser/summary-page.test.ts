import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { ThreadMessage } from '../../src/domain/records.ts';
import { toHtml } from '../../src/evidence/to-html.ts';
import { aPerson, aRecord, HISTORIES, NOON } from '../support/builders/records.ts';
import { sealedStory } from '../unit/evidence/support.ts';
import { launchBrowser } from './support/browser.ts';
import { weakTexts } from './support/contrast.ts';

const { identity } = aPerson('U0JONAS');
const said = (text: string, change: Partial<ThreadMessage> = {}): ThreadMessage => ({
  ts: '1772366410.000100',
  by: { who: 'person', identity },
  text,
  edited: null,
  removedAt: null,
  ...change,
});
const told = (key: string) =>
  aRecord('messages.posted', { messages: [{ key, channel: 'C0INCIDENT', ts: '1.1' }] });

/** A window as most are: opened, closed at its deadline, rotated, with some talk in its thread. */
const ORDINARY = toHtml(
  sealedStory(
    ...HISTORIES.open,
    ...['card', 'approved:1', 'open', 'closed', 'rotated'].map(told),
    ...HISTORIES.rotated.slice(4),
    aRecord('thread.kept', {
      messages: [
        said('Maya asks for Payments admin console: port 8443 to 203.0.113.7 for 15 min.', {
          by: { who: 'us', key: 'card' },
        }),
        said('looking at it with you, the consumer is stuck since the deploy'),
        said('restarted, queue is draining', { edited: { at: NOON, by: identity } }),
        said('', { removedAt: NOON }),
        said('Closed, because its time was up', { by: { who: 'us', key: 'closed' } }),
      ],
    }),
  ),
);
const HOSTILE = toHtml(
  sealedStory(
    aRecord('request.asked', {
      reason: `<script>document.title = 'run'</script><img src="https://example.com/x.png">${'w'.repeat(2_000)}`,
      requester: aPerson('U0MAYA', { name: '\u202eevil <b>name</b>' }),
    }),
    'request.denied',
  ),
);

/** CSS Values and Units, "absolute lengths": 96 pixels and 72 points an inch. */
const POINTS_A_PIXEL = 72 / 96;

let browser: Browser;
let page: Page;
const requests: string[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on('request', ({ url }) => requests.push(url()));
});

afterAll(() => browser.close());

/** How far the page is wider than its window. */
const overflow = (): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

describe('the page of a request', () => {
  test('prints an ordinary window on two sheets of A4, in letters of seven points and more', async () => {
    await page.setContent(ORDINARY);

    const pdf = await page.pdf({ preferCSSPageSize: true });
    await page.emulateMedia({ media: 'print' });
    const smallest = await page.evaluate<number>(
      `Math.min(...[...document.body.querySelectorAll('*')].map((each) => parseFloat(getComputedStyle(each).fontSize)))`,
    );
    await page.emulateMedia({ media: 'screen' });

    expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g)).toHaveLength(2);
    expect(smallest * POINTS_A_PIXEL).toBeGreaterThan(6.99);
  });

  test.each([1280, 390])('fits a window %i pixels wide, whatever was typed', async (width) => {
    await page.setViewportSize({ width, height: 800 });

    for (const html of [ORDINARY, HOSTILE]) {
      await page.setContent(html);
      expect(await overflow()).toBe(0);
    }
  });

  test('runs nothing and loads nothing that somebody typed', async () => {
    await page.setContent(HOSTILE);

    expect(await page.title()).toMatch(/^Break-glass record/);
    expect(await page.locator('script, img').count()).toBe(0);
    expect(requests.filter((url) => url.startsWith('http'))).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('can be read in %s colours', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.setContent(ORDINARY);

    const { checked, weak } = await weakTexts(page);
    expect(checked).toBeGreaterThan(100);
    expect(weak).toEqual([]);
  });
});
