import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { InputBlock, ModalView } from '@slack/types';
import { type Receiver, startReceiver } from './receiver.ts';
import { INCIDENTS, JONAS, type LocalSlack, MAYA, startLocalSlack } from './support.ts';

const clock = { ahead: 0, now: () => Date.now() + clock.ahead };

let slack: LocalSlack;
let app: Receiver;

beforeAll(async () => {
  slack = await startLocalSlack({ rates: 'off', clock });
  app = await startReceiver(slack);
});

beforeEach(async () => {
  await slack.client.reset();
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await slack[Symbol.asyncDispose]();
});

function modal(over: Partial<ModalView> = {}): ModalView {
  return {
    type: 'modal',
    title: { type: 'plain_text', text: 'Ask' },
    blocks: [{ type: 'divider' }],
    ...over,
  };
}

/** The trigger of a command that a person typed just now. */
async function commandTrigger(user = MAYA): Promise<string> {
  await slack.client.command(user, INCIDENTS, '/breakglass');
  return String(app.received.at(-1)?.payload['trigger_id']);
}

async function viewTrigger(viewId: string): Promise<string> {
  await slack.client.click({ view_id: viewId }, { user: MAYA, action_id: 'go' });
  return String(app.received.at(-1)?.payload['trigger_id']);
}

const withButton = modal({
  blocks: [
    {
      type: 'actions',
      elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
    },
  ],
});

const code = (call: Promise<unknown>) =>
  call.then(
    () => 'ok',
    (error: { data?: { error: string } }) => error.data?.error,
  );

describe('triggers', () => {
  test('a trigger opens one view', async () => {
    const trigger_id = await commandTrigger();

    const first = await code(slack.web.views.open({ trigger_id, view: modal() }));
    const second = await code(slack.web.views.open({ trigger_id, view: modal() }));

    expect([first, second]).toEqual(['ok', 'exchanged_trigger_id']);
  });

  test('a trigger is good for three seconds', async () => {
    const trigger_id = await commandTrigger();

    clock.ahead += 3001;

    expect(await code(slack.web.views.open({ trigger_id, view: modal() }))).toBe('expired_trigger_id');
  });

  test('a made-up trigger is refused', async () => {
    expect(await code(slack.web.views.open({ trigger_id: '1.2.abc', view: modal() }))).toBe(
      'invalid_trigger_id',
    );
  });

  test('a mistake in the view leaves the trigger usable', async () => {
    const trigger_id = await commandTrigger();

    const wrong = modal({ title: { type: 'plain_text', text: 'x'.repeat(25) } });

    expect(await code(slack.web.views.open({ trigger_id, view: wrong }))).toBe('invalid_arguments');
    expect(await code(slack.web.views.open({ trigger_id, view: modal() }))).toBe('ok');
  });
});

describe('the stack', () => {
  test('three views are all there can be', async () => {
    const root = await slack.web.views.open({ trigger_id: await commandTrigger(), view: withButton });
    const second = await slack.web.views.push({
      trigger_id: await viewTrigger(root.view?.id ?? ''),
      view: withButton,
    });
    const third = await slack.web.views.push({
      trigger_id: await viewTrigger(second.view?.id ?? ''),
      view: withButton,
    });
    const fourth = slack.web.views.push({
      trigger_id: await viewTrigger(third.view?.id ?? ''),
      view: withButton,
    });

    expect(await code(fourth)).toBe('push_limit_reached');
    expect(third.view).toMatchObject({ root_view_id: root.view?.id, previous_view_id: second.view?.id });
  });

  test('nothing is pushed from outside a modal', async () => {
    await slack.web.views.open({ trigger_id: await commandTrigger(), view: modal() });

    expect(await code(slack.web.views.push({ trigger_id: await commandTrigger(), view: modal() }))).toBe(
      'not_found',
    );
  });

  test('a modal belongs to its person', async () => {
    const opened = await slack.web.views.open({ trigger_id: await commandTrigger(), view: withButton });

    const click = slack.client.click({ view_id: opened.view?.id ?? '' }, { user: JONAS, action_id: 'go' });

    await expect(click).rejects.toThrow('does not have the view');
  });
});

describe('updates', () => {
  test('the hash of an older version is refused', async () => {
    const opened = await slack.web.views.open({ trigger_id: await commandTrigger(), view: modal() });
    const view_id = opened.view?.id ?? '';
    const hash = opened.view?.hash ?? '';

    const first = await code(slack.web.views.update({ view_id, hash, view: modal() }));
    const second = await code(slack.web.views.update({ view_id, hash, view: modal() }));

    expect([first, second]).toEqual(['ok', 'hash_conflict']);
  });

  test('a view is found by its external id, which nobody else may use', async () => {
    const view = modal({ external_id: 'mine' });
    await slack.web.views.open({ trigger_id: await commandTrigger(), view });

    expect(await code(slack.web.views.update({ external_id: 'mine', view }))).toBe('ok');
    expect(await code(slack.web.views.open({ trigger_id: await commandTrigger(JONAS), view }))).toBe(
      'duplicate_external_id',
    );
    expect(await code(slack.web.views.update({ view_id: 'V0NONE', view }))).toBe('not_found');
  });

  test('a home tab is published and told about when it is opened', async () => {
    const home = { type: 'home' as const, blocks: [{ type: 'divider' as const }] };
    await slack.web.views.publish({ user_id: MAYA, view: home });
    const count = app.received.length;

    await slack.client.openHome(MAYA);
    const event = await app.nth(count + 1);

    expect(event.payload['event']).toMatchObject({ type: 'app_home_opened', user: MAYA, tab: 'home' });
  });
});

describe('limits', () => {
  const input = { type: 'input' as const, label: { type: 'plain_text' as const, text: 'L' } };
  const option = (value: string, text = value) => ({ text: { type: 'plain_text' as const, text }, value });
  const select = (count: number) => ({
    type: 'static_select' as const,
    action_id: 'pick',
    options: Array.from({ length: count }, (_, index) => option(String(index))),
  });

  test.each<[string, Partial<ModalView>, string]>([
    [
      'a title of 25',
      { title: { type: 'plain_text', text: 'x'.repeat(25) } },
      'must be less than 25 characters [json-pointer:/view/title/text]',
    ],
    [
      'a submit text of 25',
      { submit: { type: 'plain_text', text: 'x'.repeat(25) } },
      'must be less than 25 characters [json-pointer:/view/submit/text]',
    ],
    [
      '101 blocks',
      { blocks: Array.from({ length: 101 }, () => ({ type: 'divider' })) },
      'no more than 100 items allowed [json-pointer:/view/blocks]',
    ],
    [
      'metadata of 3,001',
      { private_metadata: 'x'.repeat(3001) },
      'must be less than 3001 characters [json-pointer:/view/private_metadata]',
    ],
    [
      'a callback_id of 256',
      { callback_id: 'x'.repeat(256) },
      'must be less than 256 characters [json-pointer:/view/callback_id]',
    ],
    [
      '101 options',
      { submit: { type: 'plain_text', text: 'S' }, blocks: [{ ...input, element: select(101) }] },
      'no more than 100 items allowed [json-pointer:/view/blocks/0/element/options]',
    ],
    [
      'an input without a submit button',
      { blocks: [{ ...input, element: { type: 'plain_text_input' } }] },
      'missing required field: submit (a view with input blocks needs it) [json-pointer:/view/submit]',
    ],
    [
      'an initial option that is none',
      {
        submit: { type: 'plain_text', text: 'S' },
        blocks: [{ ...input, element: { ...select(2), initial_option: option('9') } }],
      },
      'initial_option(s) must be among the options [json-pointer:/view/blocks/0/element]',
    ],
    [
      'an option text of 76',
      { blocks: [{ type: 'actions', elements: [{ ...select(1), options: [option('a', 'x'.repeat(76))] }] }] },
      'must be less than 76 characters [json-pointer:/view/blocks/0/elements/0/options/0/text/text]',
    ],
  ])('%s is refused with its place', async (_name, over, message) => {
    const call = slack.web.views.open({ trigger_id: await commandTrigger(), view: modal(over) });

    await expect(call).rejects.toMatchObject({
      data: {
        error: 'invalid_arguments',
        response_metadata: { messages: expect.arrayContaining([`[ERROR] ${message}`]) },
      },
    });
  });

  test('a view over 250 kB is refused', async () => {
    const text = { type: 'mrkdwn' as const, text: 'x'.repeat(2600) };
    const blocks = Array.from({ length: 100 }, () => ({ type: 'section', text }));

    const call = slack.web.views.open({ trigger_id: await commandTrigger(), view: modal({ blocks }) });

    expect(await code(call)).toBe('view_too_large');
  });
});

test('inputs without dispatch_action stay silent, others tell the app what is typed so far', async () => {
  const field = (block_id: string, dispatch_action: boolean) => ({
    type: 'input' as const,
    block_id,
    dispatch_action,
    label: { type: 'plain_text' as const, text: block_id },
    element: { type: 'plain_text_input' as const, action_id: 'text' },
  });
  const view = modal({
    submit: { type: 'plain_text', text: 'Send' },
    blocks: [field('quiet', false), field('loud', true)],
  });
  const opened = await slack.web.views.open({ trigger_id: await commandTrigger(), view });
  const view_id = opened.view?.id ?? '';
  const count = app.received.length;

  await slack.client.click({ view_id }, { user: MAYA, action_id: 'text', block_id: 'quiet', value: 'one' });
  await slack.client.click({ view_id }, { user: MAYA, action_id: 'text', block_id: 'loud', value: 'two' });

  expect(app.received).toHaveLength(count + 1);
  expect(app.received.at(-1)?.payload).toMatchObject({
    type: 'block_actions',
    container: { type: 'view', view_id },
    view: { state: { values: { quiet: { text: { value: 'one' } }, loud: { text: { value: 'two' } } } } },
    actions: [{ type: 'plain_text_input', value: 'two', block_id: 'loud' }],
  });
});

test('an error for something that is no input block is shown as trouble, as in Slack', async () => {
  const view = modal({
    submit: { type: 'plain_text', text: 'Send' },
    blocks: [{ type: 'divider', block_id: 'line' }],
  });
  const opened = await slack.web.views.open({ trigger_id: await commandTrigger(), view });
  app.reply = () => ({ body: { response_action: 'errors', errors: { line: 'no' } } });

  const answer = await slack.client.submit(MAYA, opened.view?.id ?? '', {});
  app.reply = () => ({});

  expect(answer).toEqual({ ok: false, text: 'We had some trouble connecting. Try again?' });
  expect(slack.logged.at(-1)).toContain('no such input block');
});

test('each kind of field is checked by Slack’s client and arrives in its own shape', async () => {
  const label = { type: 'plain_text' as const, text: 'L' };
  const options = ['a', 'b'].map((value) => ({ text: { type: 'plain_text' as const, text: value }, value }));
  const submitText = { type: 'plain_text' as const, text: 'Send' };
  const inputs: [string, InputBlock['element'], string | string[], string][] = [
    ['url', { type: 'url_text_input', action_id: 'x' }, 'https://example.com/i/1', 'not a url'],
    [
      'number',
      { type: 'number_input', action_id: 'x', is_decimal_allowed: false, max_value: '60' },
      '30',
      '61',
    ],
    ['email', { type: 'email_text_input', action_id: 'x' }, 'a@example.com', 'a'],
    ['radio', { type: 'radio_buttons', action_id: 'x', options }, 'b', ''],
    ['boxes', { type: 'checkboxes', action_id: 'x', options }, ['a', 'b'], ''],
  ];
  const blocks = inputs.map(([block_id, element]): InputBlock => ({
    type: 'input',
    block_id,
    label,
    element,
  }));
  const view = modal({ submit: submitText, blocks });
  const opened = await slack.web.views.open({ trigger_id: await commandTrigger(), view });
  const view_id = opened.view?.id ?? '';
  const fill = (index: 2 | 3) => Object.fromEntries(inputs.map((input) => [input[0], { x: input[index] }]));

  const wrong = await slack.client.submit(MAYA, view_id, fill(3));
  const right = await slack.client.submit(MAYA, view_id, fill(2));

  expect(Object.keys(wrong.errors ?? {})).toEqual(['url', 'number', 'email', 'radio', 'boxes']);
  expect(right).toEqual({ ok: true });
  expect(app.received.at(-1)?.payload).toMatchObject({
    view: {
      state: {
        values: {
          url: { x: { type: 'url_text_input', value: 'https://example.com/i/1' } },
          number: { x: { type: 'number_input', value: '30' } },
          radio: { x: { type: 'radio_buttons', selected_option: { value: 'b' } } },
          boxes: { x: { type: 'checkboxes', selected_options: [{ value: 'a' }, { value: 'b' }] } },
        },
      },
    },
  });
});
