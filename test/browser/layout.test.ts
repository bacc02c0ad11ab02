import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { weakTexts } from './support/contrast.ts';
import type { FakeFront } from './support/fake-front.ts';
import {
  asked,
  askingView,
  CONSOLE_GROUP,
  fromApp,
  INCIDENTS,
  MAYA,
  openRule,
  pendingCard,
  probe,
  record,
} from './support/scenes.ts';
import { stages } from './support/stage.ts';

const stage = stages();

describe.each([
  { width: 1280, height: 800 },
  { width: 1440, height: 900 },
])('at $width × $height', (viewport) => {
  test('the page never scrolls, however much is said; the message pane does', async () => {
    await using at = await stage({ viewport }, crowded);
    await at.page.locator('.message').last().waitFor();
    await at.page.locator('.reply-count').last().click();
    await at.page.locator('#thread .message').first().waitFor();

    const sizes = await pageAndPane(at.page);

    expect(sizes.page).toEqual({ width: viewport.width, height: viewport.height });
    expect(sizes.pane.content).toBeGreaterThan(sizes.pane.visible);
  });

  test('a modal longer than the page scrolls inside itself and keeps its buttons in sight', async () => {
    await using at = await stage({ viewport });
    at.front.showView(MAYA, askingView(Array.from({ length: 12 }, (_, index) => filler(index))));

    const submit = at.page.getByRole('button', { name: 'Ask', exact: true });
    await submit.waitFor();

    const box = await submit.boundingBox();
    expect(box!.y + box!.height).toBeLessThan(viewport.height);
    expect((await pageAndPane(at.page)).page).toEqual(viewport);
  });

  test('every tile is in sight while a port is open', async () => {
    await using at = await stage({ viewport });
    openRule(at.front, 300);
    probe(at.front, true);

    await at.page.locator('#tile-port[data-state="open"]').waitFor();

    const last = await at.page.locator('#tile-log').boundingBox();
    const timeline = await at.page.locator('.timeline').boundingBox();
    expect(last!.y + last!.height).toBeLessThanOrEqual(timeline!.y);
  });
});

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  test('all text reaches the contrast of WCAG AA in every state of the port', async () => {
    await using at = await stage({ colorScheme }, crowded);
    await at.page.locator('.message').last().waitFor();
    await at.page.locator('.reply-count').last().click();
    const found = [];

    for (const open of [false, true, null]) {
      probe(at.front, open, 'no route');
      await at.page.locator(`#tile-port[data-state="${stateName(open)}"]`).waitFor();
      found.push(await weakTexts(at.page));
    }

    expect(found.flatMap(({ weak }) => weak)).toEqual([]);
    expect(Math.min(...found.map(({ checked }) => checked))).toBeGreaterThan(80);
  });

  test('errors in a modal and a broken log are readable', async () => {
    await using at = await stage({ colorScheme });
    at.front.answer('slack/submit', () => ({ ok: false, errors: { reason: 'Too short.' } }));
    at.front.answer('verify', () => ({
      valid: false,
      records: 2,
      firstBreak: { commit: 3, code: 'x', text: 'bad hash' },
    }));
    await at.page.getByRole('button', { name: 'Verify' }).click();
    await at.page.getByText('First break').waitFor();
    const broken = await weakTexts(at.page);
    at.front.showView(MAYA, askingView());
    await at.page.getByRole('button', { name: 'Ask', exact: true }).click();
    await at.page.getByText('Too short.').waitFor();

    const { weak } = await weakTexts(at.page);

    expect([...broken.weak, ...weak]).toEqual([]);
  });
});

test('dark follows the system: light text on a dark ground', async () => {
  await using dark = await stage({ colorScheme: 'dark' });
  await using light = await stage({ colorScheme: 'light' });

  const grounds = await Promise.all([dark, light].map(({ page }) => brightness(page)));

  expect(grounds[0]).toBeLessThan(60);
  expect(grounds[1]).toBeGreaterThan(200);
});

test('a changed tile flashes once; with reduced motion it does not move', async () => {
  await using moving = await stage();
  await using still = await stage({ reducedMotion: 'reduce' });

  const runs = await Promise.all(
    [moving, still].map(async ({ front, page }) => {
      probe(front, false);
      await page.locator('#tile-port[data-state="closed"]').waitFor();
      openRule(front, 300);
      probe(front, true);
      await page.locator('#tile-port.flash[data-state="open"]').waitFor();
      return page.locator('#tile-port').evaluate((tile) => {
        const { animationName, animationIterationCount } =
          tile.ownerDocument.defaultView.getComputedStyle(tile);
        return `${animationName} ${animationIterationCount}`;
      });
    }),
  );

  expect(runs).toEqual(['flash 1', 'none 1']);
});

test('nothing is asked of any other host, and the security policy is never hit', async () => {
  await using at = await stage({}, crowded);
  at.front.showView(MAYA, askingView());
  await at.page.getByRole('dialog').waitFor();
  await at.page.keyboard.press('Escape');
  openRule(at.front, 100);
  probe(at.front, true);
  await at.page.locator('#tile-port[data-state="open"]').waitFor();

  const elsewhere = at.opened.requests.filter((address) => !address.startsWith(at.front.url));

  expect(elsewhere).toEqual([]);
  expect(at.opened.requests.length).toBeGreaterThan(20);
  expect(at.opened.complaints).toEqual([]);
});

function crowded(front: FakeFront): void {
  for (let index = 0; index < 30; index += 1) {
    front.say(
      INCIDENTS,
      fromApp(front, `Line ${index} of \`code\`, *bold* and <https://example.com|a link>`),
    );
  }
  const card = fromApp(front, 'Break glass', pendingCard(), { reply_count: 30, edited: { ts: '1.0' } });
  front.say(INCIDENTS, { ...card, thread_ts: card.ts });
  for (let index = 0; index < 30; index += 1) {
    front.say(INCIDENTS, fromApp(front, `Reply ${index}`, undefined, { thread_ts: card.ts }));
  }
  front.append(asked(0), record('approval.given', 4), record('open.armed', 5));
  const group = front.state.hello.aws.securityGroups.find(({ id }) => id === CONSOLE_GROUP);
  group?.rules.push({
    ...group.rules[0],
    id: 'sgr-0ccccccccccccccc1',
    cidr: '10.20.0.6/32',
    description: 'another',
  });
}

const filler = (index: number) => ({
  type: 'input',
  block_id: `more-${index}`,
  label: { type: 'plain_text', text: `Field ${index}` },
  element: { type: 'plain_text_input', action_id: 'more' },
});

const stateName = (open: boolean | null) => (open === null ? 'unknown' : open ? 'open' : 'closed');

function pageAndPane(page: Page) {
  return page.locator('#messages').evaluate((pane) => {
    const { scrollWidth: width, scrollHeight: height } = pane.ownerDocument.documentElement;
    return { page: { width, height }, pane: { content: pane.scrollHeight, visible: pane.clientHeight } };
  });
}

function brightness(page: Page): Promise<number> {
  return page.locator('body').evaluate((body) => {
    const { backgroundColor } = body.ownerDocument.defaultView.getComputedStyle(body);
    const [red, green, blue] = backgroundColor.match(/\d+/g).map(Number);
    return (red + green + blue) / 3;
  });
}
