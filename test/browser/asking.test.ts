import { describe, expect, test } from '@jest/globals';
import type { Locator } from 'playwright-core';
import type { FakeFront } from './support/fake-front.ts';
import {
  askingView,
  button,
  INCIDENTS,
  input,
  JONAS,
  markdown,
  MAYA,
  option,
  plain,
} from './support/scenes.ts';
import { stages } from './support/stage.ts';

const stage = stages();

/** The app opens its modal at the command, and has two workflows to offer. */
function asksBack(front: FakeFront): void {
  front.answer('slack/command', ({ user }) => (front.showView(String(user), askingView()), { ok: true }));
  front.answer('slack/options', () => ({
    options: [option('Payments admin console', 'payments'), option('Ledger admin console', 'ledger')],
  }));
}

test('by keyboard alone one completes the command, fills in the modal and submits it', async () => {
  await using at = await stage({}, asksBack);
  const { keyboard } = at.page;
  const commanded = at.front.next('slack/command');
  const submitted = at.front.next('slack/submit');

  await keyboard.press('/');
  await at.page.getByRole('option', { name: /breakglass/ }).waitFor();
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await at.page.getByRole('dialog', { name: 'Break glass' }).waitFor();
  await keyboard.press('ArrowDown');
  await at.page.getByRole('option', { name: 'Ledger admin console' }).waitFor();
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await keyboard.press('Tab');
  await keyboard.press('Tab');
  await keyboard.type('Restart the stuck consumer');
  await keyboard.press('Tab');
  await keyboard.type('https://example.pagerduty.com/incidents/PINC0042');
  await keyboard.press('Enter');

  expect(await commanded).toEqual({ user: MAYA, channel: INCIDENTS, text: '/breakglass' });
  expect(await submitted).toEqual({
    user: MAYA,
    view_id: 'V0ASK',
    values: {
      workflow: { workflow: 'ledger' },
      reason: { reason: 'Restart the stuck consumer' },
      incident: { incident: 'https://example.pagerduty.com/incidents/PINC0042' },
    },
  });
});

describe('the composer', () => {
  test('sends with Enter, and makes a new line with Shift+Enter', async () => {
    await using at = await stage();
    const sent = at.front.next('slack/message');
    const composer = at.page.locator('#composer textarea');

    await composer.fill('first');
    await composer.press('Shift+Enter');
    await composer.pressSequentially('second');
    await composer.press('Enter');

    expect(await sent).toEqual({ user: MAYA, channel: INCIDENTS, text: 'first\nsecond' });
    await at.page.locator('.message', { hasText: 'second' }).waitFor();
    expect(await composer.inputValue()).toBe('');
  });

  test('keeps the text and says why when a command was not taken', async () => {
    await using at = await stage({}, (front) =>
      front.answer('slack/command', () => ({
        ok: false,
        text: '/breakglass failed with the error "dispatch_failed"',
      })),
    );
    const composer = at.page.locator('#composer textarea');

    await composer.fill('/breakglass');
    await composer.press('Enter');
    await at.page.locator('.notice', { hasText: 'dispatch_failed' }).waitFor();

    expect(await composer.inputValue()).toBe('/breakglass');
  });

  test('closes the list of commands with Escape and then sends what was typed', async () => {
    await using at = await stage({}, asksBack);
    const commanded = at.front.next('slack/command');
    const composer = at.page.locator('#composer textarea');

    await composer.pressSequentially('/break');
    await composer.press('Escape');
    await composer.press('Enter');

    expect((await commanded)['text']).toBe('/break');
  });
});

describe('the modal', () => {
  test('shows errors under their fields, focuses the first and keeps what was typed', async () => {
    await using at = await stage();
    const errors = { reason: 'Write at least 15 characters.', incident: 'That incident is closed.' };
    at.front.answer('slack/submit', () => ({ ok: false, errors }));
    at.front.showView(MAYA, askingView());
    const reason = at.page.getByRole('textbox', { name: 'Reason' });

    await reason.fill('short');
    await at.page.getByRole('button', { name: 'Ask', exact: true }).click();
    await at.page.getByText(errors.reason).waitFor();

    expect(await at.page.locator('[role=alert]:visible').allTextContents()).toEqual(Object.values(errors));
    expect(await reason.evaluate((field) => field === field.ownerDocument.activeElement)).toBe(true);
    expect(await reason.inputValue()).toBe('short');
    expect(await reason.getAttribute('aria-invalid')).toBe('true');
    expect(await described(reason)).toBe(errors.reason);
  });

  test('says so when the app did not answer, and can be submitted again', async () => {
    await using at = await stage();
    const trouble = 'We had some trouble connecting. Try again?';
    at.front.answer('slack/submit', () => ({ ok: false, text: trouble }));
    at.front.showView(MAYA, askingView());
    const ask = at.page.getByRole('button', { name: 'Ask', exact: true });

    await ask.click();
    await at.page.getByRole('alert').filter({ hasText: trouble }).waitFor();
    const again = at.front.next('slack/submit');
    await ask.click();

    expect((await again)['view_id']).toBe('V0ASK');
  });

  test('keeps the focus inside, and Escape closes it at the server', async () => {
    await using at = await stage();
    at.front.showView(MAYA, askingView());
    await at.page.getByRole('dialog').waitFor();
    const closed = at.front.next('slack/close');

    for (let step = 0; step < 20; step += 1) {
      await at.page.keyboard.press('Tab');
      expect(await at.page.locator('dialog :focus').count()).toBe(1);
    }
    await at.page.keyboard.press('Escape');

    expect(await closed).toEqual({ user: MAYA, view_id: 'V0ASK' });
    await at.page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('updated by the app, keeps the values of the blocks that stay', async () => {
    await using at = await stage();
    at.front.showView(MAYA, askingView());
    const reason = at.page.getByRole('textbox', { name: 'Reason' });
    await reason.fill('Typed before the update');
    const note = { type: 'section', block_id: 'note', text: markdown('Up to *2 hours*') };

    at.front.showView(MAYA, { ...askingView([note]), title: plain('Break more glass') });
    await at.page.getByRole('dialog', { name: 'Break more glass' }).waitFor();

    expect(await reason.inputValue()).toBe('Typed before the update');
    expect(await reason.evaluate((field) => field === field.ownerDocument.activeElement)).toBe(true);
    await at.page.getByText('Up to 2 hours').waitFor();
  });

  test('belongs to its person: another one does not see it, and back again nothing is lost', async () => {
    await using at = await stage();
    at.front.showView(MAYA, askingView());
    const reason = at.page.getByRole('textbox', { name: 'Reason' });
    await reason.fill('Half a reason');

    await at.page.locator(`[data-person="${JONAS}"]`).dispatchEvent('click');
    await at.page.getByRole('dialog').waitFor({ state: 'detached' });
    await at.page.locator(`[data-person="${MAYA}"]`).click();

    expect(await reason.inputValue()).toBe('Half a reason');
  });

  test('sends every kind of choice, and empties what was emptied', async () => {
    await using at = await stage();
    const choices = { options: [option('One', '1'), option('Two', '2')] };
    at.front.showView(MAYA, {
      ...askingView(),
      blocks: [
        input('select', 'Select', { type: 'static_select', ...choices }),
        input('radio', 'Radio', { type: 'radio_buttons', ...choices }),
        input('boxes', 'Boxes', { type: 'checkboxes', ...choices }),
        input('who', 'Who', { type: 'users_select' }, { optional: true, hint: plain('A colleague') }),
        input('source', 'Source', { type: 'plain_text_input', initial_value: '203.0.113.7' }),
        { type: 'actions', block_id: 'act', elements: [button('Look up', 'look-up')] },
      ],
    });
    const submitted = at.front.next('slack/submit');
    const clicked = at.front.next('slack/action');

    await at.page.getByLabel('Select').selectOption('2');
    await at.page.getByRole('radio', { name: 'One' }).check();
    await at.page.getByRole('checkbox', { name: 'One' }).check();
    await at.page.getByRole('checkbox', { name: 'Two' }).check();
    await at.page.getByLabel('Who').selectOption(JONAS);
    await at.page.getByLabel('Source').fill('');
    await at.page.getByRole('button', { name: 'Look up' }).click();
    await at.page.getByRole('button', { name: 'Ask', exact: true }).click();

    const values = {
      select: { select: '2' },
      radio: { radio: '1' },
      boxes: { boxes: ['1', '2'] },
      who: { who: JONAS },
      source: { source: null },
    };
    expect((await submitted)['values']).toEqual(values);
    expect(await clicked).toMatchObject({ view_id: 'V0ASK', action_id: 'look-up', block_id: 'act', values });
    await at.page.getByText('A colleague').waitFor();
  });
});

/** The text that assistive technology reads with a field. */
function described(field: Locator): Promise<string> {
  return field.evaluate((element) =>
    (element.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id: string) => element.ownerDocument.getElementById(id)?.textContent ?? '')
      .join(' '),
  );
}
