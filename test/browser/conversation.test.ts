import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { FakeFront } from './support/fake-front.ts';
import {
  AUDE,
  AUDIT,
  button,
  fromApp,
  INCIDENTS,
  JONAS,
  markdown,
  MAYA,
  pendingCard,
  plain,
  PRIYA,
} from './support/scenes.ts';
import { stages } from './support/stage.ts';

const stage = stages();

const become = (page: Page, person: string) => page.locator(`[data-person="${person}"]`).click();

describe('a card', () => {
  test('shows header, fields, context, divider and its buttons', async () => {
    await using at = await stage({}, (front) =>
      front.say(
        INCIDENTS,
        fromApp(front, 'Break glass', [...pendingCard(), { type: 'divider' }, { type: 'mystery' }]),
      ),
    );
    const card = at.page.locator('.card');
    await card.waitFor();

    expect(await card.getByRole('heading').textContent()).toBe('Break glass: Payments admin console');
    expect(await card.locator('.section-field').count()).toBe(4);
    expect(await card.locator('.block-context').textContent()).toBe('Needs one of @sre-leads');
    expect(await card.getByRole('button').allTextContents()).toEqual(['Approve', 'Deny']);
    expect(await card.locator('hr').count()).toBe(1);
    expect(await card.locator('.block-unknown').textContent()).toContain('mystery');
  });

  test('is approved by a second person’s button, and the answer replaces it', async () => {
    await using at = await stage();
    const card = fromApp(at.front, 'Break glass', pendingCard());
    at.front.say(INCIDENTS, card);
    const clicked = at.front.next('slack/action');

    await become(at.page, JONAS);
    await at.page.getByRole('button', { name: 'Approve' }).click();
    const click = await clicked;
    at.front.say(INCIDENTS, {
      ...card,
      edited: { ts: '1.0' },
      blocks: [{ type: 'header', block_id: 'head', text: plain('Approved by Jonas') }],
    });
    await at.page.getByRole('heading', { name: 'Approved by Jonas' }).waitFor();

    expect(click).toEqual({
      user: JONAS,
      channel: INCIDENTS,
      ts: card.ts,
      action_id: 'approve',
      block_id: 'decide',
      value: 'request-1',
    });
    expect(await at.page.locator('.edited').textContent()).toBe('(edited)');
    expect(await at.page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
  });

  test('asks back before a click that wants it, and “no” sends nothing', async () => {
    await using at = await stage();
    const confirm = {
      title: plain('Close now?'),
      text: markdown('For *everyone*.'),
      confirm: plain('Close it'),
      deny: plain('Keep it'),
    };
    const actions = {
      type: 'actions',
      block_id: 'a',
      elements: [button('Close now', 'close', { style: 'danger', confirm })],
    };
    at.front.say(INCIDENTS, fromApp(at.front, 'Open', [actions]));
    const close = at.page.getByRole('button', { name: 'Close now' });

    await close.click();
    await at.page
      .getByRole('alertdialog', { name: 'Close now?' })
      .getByRole('button', { name: 'Keep it' })
      .click();
    const sentAfterNo = at.front.calls.filter(({ path }) => path === 'slack/action').length;
    const clicked = at.front.next('slack/action');
    await close.click();
    await at.page.getByRole('button', { name: 'Close it' }).click();

    expect(sentAfterNo).toBe(0);
    expect((await clicked)['action_id']).toBe('close');
  });

  test('redrawn under one’s fingers, keeps the focus on the same button', async () => {
    await using at = await stage();
    const card = fromApp(at.front, 'Break glass', pendingCard());
    at.front.say(INCIDENTS, card);
    const deny = at.page.getByRole('button', { name: 'Deny' });
    await deny.focus();

    at.front.say(INCIDENTS, { ...card, edited: { ts: '2.0' } });
    await at.page.locator('.edited').waitFor();

    expect(await deny.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  });
});

describe('who one is', () => {
  test('decides which channels and which ephemeral messages are there', async () => {
    await using at = await stage();
    const message = { ...fromApp(at.front, 'You may not approve your own request.'), is_ephemeral: true };
    at.front.emit('slack.ephemeral', { user: MAYA, channel: INCIDENTS, message });
    await at.page.locator('.message-ephemeral').waitFor();
    const mayas = await at.page.locator('#channels button').count();
    expect(await at.page.locator('.only-you').textContent()).toBe('Only visible to you');

    await become(at.page, AUDE);
    await at.page.getByRole('button', { name: /breakglass-audit/ }).waitFor();

    expect(mayas).toBe(1);
    expect(await at.page.locator('#channels button').count()).toBe(3);
    expect(await at.page.locator('.message-ephemeral').count()).toBe(0);
  });

  test('the badge counts what waits for each person, and nothing for the one who asked', async () => {
    await using at = await stage();

    at.front.say(INCIDENTS, fromApp(at.front, 'Break glass', pendingCard()));
    await at.page.locator(`[data-person="${JONAS}"] .badge`).waitFor();

    const badges = await Promise.all(
      [MAYA, JONAS, PRIYA, AUDE].map((id) => at.page.locator(`[data-person="${id}"] .badge`).count()),
    );
    expect(badges).toEqual([0, 1, 1, 0]);
    expect(await at.page.locator(`[data-person="${JONAS}"] .badge`).textContent()).toContain(
      '1 thing waits for Jonas Lind',
    );
  });

  test('is changed by arrow keys, and by Alt and a digit from anywhere', async () => {
    await using at = await stage();
    const current = () => at.page.locator('[role=radio][aria-checked=true] .person-name').textContent();

    await at.page.locator(`[data-person="${MAYA}"]`).focus();
    await at.page.keyboard.press('ArrowDown');
    const afterArrow = await current();
    const focused = await at.page.locator(':focus').getAttribute('data-person');
    await at.page.keyboard.press('Alt+Digit3');

    expect(afterArrow).toBe('Jonas Lind');
    expect(focused).toBe(JONAS);
    expect(await current()).toBe('Priya Raman');
  });

  test('an unread channel is marked, until one looks', async () => {
    await using at = await stage();
    await become(at.page, JONAS);
    const channel = at.page.getByRole('button', { name: /breakglass-audit/ });
    await channel.waitFor();

    at.front.say(AUDIT, fromApp(at.front, 'Sealed'));
    await channel.locator('.unread-dot').waitFor();
    await channel.click();
    await at.page.getByText('Sealed', { exact: true }).waitFor();

    expect(await channel.locator('.unread-dot').count()).toBe(0);
  });
});

describe('a thread', () => {
  const withReplies = (front: FakeFront): { ts: string } => {
    const parent = fromApp(front, 'Break glass', undefined, { reply_count: 1 });
    front.say(INCIDENTS, { ...parent, thread_ts: parent.ts });
    front.say(INCIDENTS, fromApp(front, 'Asked for 30 minutes', undefined, { thread_ts: parent.ts }));
    return parent;
  };

  test('opens from the reply count, takes a reply, and Escape gives the focus back', async () => {
    await using at = await stage();
    const parent = withReplies(at.front);
    const sent = at.front.next('slack/message');

    await at.page.getByRole('button', { name: '1 reply' }).click();
    await at.page.locator('#thread').getByText('Asked for 30 minutes').waitFor();
    await at.page.locator('#thread textarea:focus').waitFor();
    await at.page.keyboard.type('On it');
    await at.page.keyboard.press('Enter');
    const reply = await sent;
    await at.page.locator('#thread').getByText('On it').waitFor();
    await at.page.keyboard.press('Escape');

    expect(reply).toEqual({ user: MAYA, channel: INCIDENTS, text: 'On it', thread_ts: parent.ts });
    expect(await at.page.locator('#thread').isVisible()).toBe(false);
    expect(await at.page.locator(':focus').getAttribute('class')).toBe('reply-count');
    expect(await at.page.locator('#messages').getByText('On it').count()).toBe(0);
  });

  test('takes no commands, and says so', async () => {
    await using at = await stage({}, (front) => void withReplies(front));

    await at.page.getByRole('button', { name: '1 reply' }).click();
    await at.page.locator('#thread textarea').fill('/breakglass');
    await at.page.keyboard.press('Enter');
    await at.page.locator('.notice', { hasText: 'Commands do not work in threads' }).waitFor();

    expect(at.front.calls.some(({ path }) => path === 'slack/command')).toBe(false);
  });
});

test('new messages are read out politely, and a channel’s old ones are not', async () => {
  await using at = await stage({}, (front) => front.say(INCIDENTS, fromApp(front, 'Before')));
  await at.page.getByText('Before', { exact: true }).waitFor();
  const list = at.page.locator('#messages');
  await at.page.locator('#messages[aria-live=polite]').waitFor();
  await list.evaluate((log) => {
    const live: string[] = [];
    new log.ownerDocument.defaultView.MutationObserver((changes: { addedNodes: unknown[] }[]) => {
      for (const { addedNodes } of changes)
        live.push(...[...addedNodes].map(() => log.getAttribute('aria-live') ?? ''));
      log.setAttribute('data-live', live.join());
    }).observe(log, { childList: true });
  });

  at.front.say(INCIDENTS, fromApp(at.front, 'After'));
  await at.page.getByText('After', { exact: true }).waitFor();

  expect(await list.getAttribute('role')).toBe('log');
  expect(await list.getAttribute('data-live')).toBe('polite');
});

test('a link to a message of this workspace leads to it here', async () => {
  await using at = await stage();
  const card = fromApp(at.front, 'The card');
  at.front.say(INCIDENTS, card);
  for (let index = 0; index < 30; index += 1) at.front.say(INCIDENTS, fromApp(at.front, `Line ${index}`));
  const address = `https://example.slack.com/archives/${INCIDENTS}/p${card.ts.replace('.', '')}`;
  at.front.say(INCIDENTS, fromApp(at.front, `See <${address}|its card>`));

  await at.page.getByRole('link', { name: 'its card' }).click();
  await at.page.locator(`.message:focus[data-ts="${card.ts}"]`).waitFor();

  expect(await at.page.getByText('The card').isVisible()).toBe(true);
  expect(at.page.context().pages()).toHaveLength(1);
});

test('two visitors see the same workspace', async () => {
  await using at = await stage();
  await using other = await at.another();
  await become(other.page, JONAS);

  await at.page.locator('#composer textarea').fill('Anybody there?');
  await at.page.keyboard.press('Enter');
  await other.page.getByText('Anybody there?').waitFor();

  expect(await at.page.getByText('Anybody there?').count()).toBe(1);
  expect(await other.page.locator('[aria-checked=true] .person-name').textContent()).toBe('Jonas Lind');
  expect(await at.page.locator('[aria-checked=true] .person-name').textContent()).toBe('Maya Okafor');
});
