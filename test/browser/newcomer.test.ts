import { expect, test } from '@jest/globals';
import {
  asked,
  AUDIT,
  fromApp,
  INCIDENTS,
  input,
  JONAS,
  markdown,
  MAYA,
  option,
  pendingCard,
  plain,
  PRIYA,
  probe,
  record,
} from './support/scenes.ts';
import { stages } from './support/stage.ts';

const stage = stages();

const OPEN = 'https://example.pagerduty.com/incidents/PINC0041';
const incidents = [
  {
    id: 'P42',
    title: 'Stuck',
    status: 'triggered',
    html_url: 'https://example.pagerduty.com/incidents/PINC0042',
  },
  { id: 'P41', title: 'Lag', status: 'acknowledged', html_url: OPEN },
];
const typed = { type: 'plain_text_input' };
const listed = { type: 'static_select', options: [option('office VPN', 'vpn'), option('depot', 'depot')] };

const form = (...blocks: Record<string, unknown>[]) => ({
  id: 'V0FORM',
  type: 'modal',
  title: plain('Break-glass access'),
  submit: plain('Ask'),
  blocks,
});
const WHY = input('reason', 'Why?', typed);
const LINK = input('incident', 'Link to the incident', typed, { hint: plain('It has to be acknowledged.') });

test('one press fills a form in with what the app will take', async () => {
  await using at = await stage();
  const submitted = at.front.next('slack/submit');
  at.front.emit('incidents.changed', { incidents });
  probe(at.front, false);
  const workflow = {
    type: 'static_select',
    options: [option('Console', 'a')],
    initial_option: option('Console', 'a'),
  };

  at.front.showView(
    MAYA,
    form(
      input('workflow', 'What do you need?', workflow),
      input('source', 'The address you come from', typed, { optional: true }),
      input('listed', 'Or one from the list', listed, { optional: true }),
      input('duration', 'For how long?', { ...typed, initial_value: '30m' }),
      WHY,
      LINK,
    ),
  );
  await at.page.getByRole('button', { name: 'Fill in an example' }).click();
  await at.page.keyboard.press('Enter');

  expect((await submitted)['values']).toEqual({
    source: { source: '203.0.113.7' },
    listed: { listed: null },
    duration: { duration: '60s' },
    reason: { reason: expect.stringMatching(/^.{30,}$/) },
    incident: { incident: OPEN },
  });
});

test('where an address must come from a list, the example takes its first', async () => {
  await using at = await stage();
  const submitted = at.front.next('slack/submit');
  at.front.emit('incidents.changed', { incidents });

  at.front.showView(MAYA, form(input('listed', 'Address from the list', listed), WHY, LINK));
  await at.page.getByRole('button', { name: 'Fill in an example' }).click();
  await at.page.keyboard.press('Enter');

  expect((await submitted)['values']).toMatchObject({
    listed: { listed: 'vpn' },
    incident: { incident: OPEN },
  });
});

test('no example is offered for a form that this page knows no answer to', async () => {
  await using at = await stage();

  at.front.showView(MAYA, form(input('colour', 'Your favourite colour?', typed)));
  await at.page.getByRole('dialog').waitFor();

  expect(await at.page.getByRole('button', { name: 'Fill in an example' }).isVisible()).toBe(false);
});

test('the hint leads to a card in another channel, and on to the next approver once one has approved', async () => {
  await using at = await stage();
  const hint = at.page.locator('#hint-text');
  const badge = (person: string) => at.page.locator(`[data-person="${person}"] .badge`);
  const card = fromApp(at.front, 'Waiting', pendingCard());
  at.front.append(asked(0, { approvalsNeeded: 2 }));
  at.front.say(AUDIT, card);
  await badge(JONAS).waitFor();

  await at.page.locator(`[data-person="${JONAS}"]`).click();
  await hint.getByText('the card is in breakglass-audit').waitFor();
  await at.page.locator('.channel', { hasText: 'breakglass-audit' }).click();
  await hint.getByText('press Approve on the card').waitFor();
  const approved = markdown(`*Approvals*\n1 of 2\n<@${JONAS}> at <!date^1^{time_secs}|now>`);
  at.front.say(AUDIT, {
    ...card,
    blocks: [...pendingCard(), { type: 'section', block_id: 'given', fields: [approved] }],
  });
  await hint.getByText('Now switch to Priya on the left').waitFor();

  expect(await badge(JONAS).count()).toBe(0);
  expect(await badge(PRIYA).count()).toBe(1);
});

test('the hint says what is waited for between the end of the time and the proof that it is closed', async () => {
  await using at = await stage();
  at.front.say(INCIDENTS, fromApp(at.front, 'Open'));

  at.front.append(
    asked(0),
    record('approval.given', 5),
    record('open.confirmed', 6),
    record('close.intended', 20),
  );

  await at.page
    .locator('#hint-text')
    .getByText('once AWS has shown for some seconds that the rule is gone')
    .waitFor();
  expect(await at.page.locator('.step-done[data-step=closed]').count()).toBe(0);
});

test('the newest message stays in sight when a thread takes half of the room', async () => {
  await using at = await stage();
  for (let line = 0; line < 12; line += 1)
    at.front.say(INCIDENTS, fromApp(at.front, `${line}: ${'long words '.repeat(30)}`));
  at.front.say(INCIDENTS, fromApp(at.front, 'Waiting', pendingCard(), { reply_count: 1 }));
  at.front.say(INCIDENTS, fromApp(at.front, 'the newest one'));
  const newest = at.page.locator('#messages').getByText('the newest one');
  await newest.waitFor();

  await at.page.locator('#messages .reply-count').click();
  await at.page.locator('#thread').waitFor();

  const shown = await newest.evaluate((element) => {
    const list = element.closest('#messages')?.getBoundingClientRect();
    return element.getBoundingClientRect().bottom <= (list?.bottom ?? 0);
  });
  expect(shown).toBe(true);
});
