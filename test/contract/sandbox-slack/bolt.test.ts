import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { App, BlockAction, SlashCommand } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import { on } from '../../../src/sandbox/client.ts';
import {
  INCIDENTS,
  JONAS,
  type LocalSlack,
  MAYA,
  startApp,
  startLocalSlack,
  type Transport,
} from './support.ts';

const modal: ModalView = {
  type: 'modal',
  callback_id: 'ask',
  notify_on_close: true,
  private_metadata: 'kept',
  title: { type: 'plain_text', text: 'Ask' },
  submit: { type: 'plain_text', text: 'Send' },
  blocks: [
    {
      type: 'input',
      block_id: 'reason',
      label: { type: 'plain_text', text: 'Reason' },
      element: {
        type: 'plain_text_input',
        action_id: 'text',
        min_length: 5,
        max_length: 40,
        multiline: true,
      },
    },
    {
      type: 'input',
      block_id: 'minutes',
      label: { type: 'plain_text', text: 'Minutes' },
      element: {
        type: 'static_select',
        action_id: 'pick',
        initial_option: { text: { type: 'plain_text', text: '15' }, value: '15' },
        options: ['15', '30'].map((value) => ({ text: { type: 'plain_text', text: value }, value })),
      },
    },
    {
      type: 'input',
      block_id: 'target',
      optional: true,
      label: { type: 'plain_text', text: 'Target' },
      element: { type: 'external_select', action_id: 'search', min_query_length: 1 },
    },
  ],
};

/** What the sample app saw, for the tests to look at. */
interface Seen {
  commands: SlashCommand[];
  actions: BlockAction[];
  submitted: Record<string, unknown>[];
  closed: string[];
  events: { type: string; retry: unknown }[];
}

function sample(app: App, seen: Seen): void {
  app.command('/breakglass', async ({ ack, command, client }) => {
    seen.commands.push(command);
    if (command.text === 'help') return ack({ text: 'Ask with /breakglass', response_type: 'ephemeral' });
    if (command.text === 'silent') return undefined;
    await ack();
    await client.views.open({ trigger_id: command.trigger_id, view: modal });
    return undefined;
  });
  app.view({ callback_id: 'ask', type: 'view_submission' }, async ({ ack, view, client }) => {
    seen.submitted.push(view.state.values);
    const reason = view.state.values['reason']?.['text']?.value ?? '';
    if (reason.includes('lunch'))
      return ack({ response_action: 'errors', errors: { reason: 'Not a reason' } });
    if (reason.includes('again'))
      return ack({ response_action: 'update', view: { ...modal, callback_id: 'ask' } });
    if (reason.includes('more'))
      return ack({ response_action: 'push', view: { ...modal, callback_id: 'next' } });
    await ack();
    await client.chat.postMessage({
      channel: INCIDENTS,
      text: `Asked: ${reason}`,
      blocks: [
        { type: 'section', block_id: 'what', text: { type: 'plain_text', text: reason } },
        {
          type: 'actions',
          block_id: 'decide',
          elements: [
            {
              type: 'button',
              action_id: 'approve',
              value: 'r1',
              text: { type: 'plain_text', text: 'Approve' },
            },
            { type: 'button', action_id: 'stuck', text: { type: 'plain_text', text: 'Never acknowledged' } },
          ],
        },
      ],
    });
    return undefined;
  });
  app.view({ callback_id: 'ask', type: 'view_closed' }, async ({ ack, view }) => {
    seen.closed.push(view.id);
    await ack();
  });
  app.action<BlockAction>('approve', async ({ ack, body, respond }) => {
    seen.actions.push(body);
    await ack();
    await respond({ text: 'Approved', replace_original: true });
  });
  app.options('search', async ({ ack, options }) => {
    const names = ['payments', 'ledger'].filter((name) => name.startsWith(options.value));
    await ack({ options: names.map((name) => ({ text: { type: 'plain_text', text: name }, value: name })) });
  });
  app.event(/.*/, async ({ event, context }) => {
    seen.events.push({ type: event.type, retry: context.retryNum });
  });
}

describe.each<Transport>(['http', 'socket'])('a Bolt app over %s', (transport) => {
  let slack: LocalSlack;
  let running: Awaited<ReturnType<typeof startApp>>;
  const seen: Seen = { commands: [], actions: [], submitted: [], closed: [], events: [] };

  beforeAll(async () => {
    slack = await startLocalSlack({ ackTimeoutMs: 1000 });
    running = await startApp(slack, transport, (app) => sample(app, seen));
  });

  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await slack[Symbol.asyncDispose]();
  });

  afterEach(async () => {
    const { slack: state } = await slack.client.state();
    for (const [user, view] of Object.entries(state.views))
      await slack.client.closeView(user, view.id, { clear: true });
  });

  async function openModal(user = MAYA): Promise<string> {
    await using watch = await slack.client.watch();
    expect(await slack.client.command(user, INCIDENTS, '/breakglass payments')).toEqual({ ok: true });
    const { data } = await watch.until(on('slack.view', (shown) => shown.user === user));
    return data.view.id;
  }

  test('the workspace says how the app is connected', async () => {
    const { slack: state } = await slack.client.state();

    expect(state.bot).toMatchObject({ connected: true, mode: transport });
  });

  test('a command arrives with everything Slack sends', async () => {
    await openModal();

    expect(seen.commands.at(-1)).toMatchObject({
      command: '/breakglass',
      text: 'payments',
      user_id: MAYA,
      team_id: 'T0EXAMPLE1',
      channel_id: INCIDENTS,
      channel_name: 'incidents',
      api_app_id: 'A0BGAPP001',
      trigger_id: expect.stringMatching(/^\d+\.\d+\.[0-9a-f]{32}$/),
      response_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/response\//),
    });
  });

  test('the text of an acknowledgement is shown to the person only', async () => {
    const answer = await slack.client.command(MAYA, INCIDENTS, '/breakglass help');

    expect(answer).toEqual({ ok: true, text: 'Ask with /breakglass' });
    expect((await slack.client.history(INCIDENTS, MAYA)).at(-1)).toMatchObject({
      text: 'Ask with /breakglass',
      is_ephemeral: true,
    });
    expect(await slack.client.history(INCIDENTS, JONAS)).not.toContainEqual(
      expect.objectContaining({ text: 'Ask with /breakglass' }),
    );
  });

  test('a command that nobody acknowledges fails as it does in Slack', async () => {
    const answer = await slack.client.command(MAYA, INCIDENTS, '/breakglass silent');

    expect(answer.ok).toBe(false);
    expect(answer.text).toMatch(/failed with the error "(operation_timeout|dispatch_failed)"/);
  });

  test('Slack’s client refuses an empty required field without asking the app', async () => {
    const view = await openModal();
    const before = seen.submitted.length;

    const answer = await slack.client.submit(MAYA, view, { reason: { text: '' } });

    expect(answer).toEqual({ ok: false, errors: { reason: 'Please complete this required field.' } });
    expect(seen.submitted).toHaveLength(before);
  });

  test('Slack’s client refuses a text that is too short or too long', async () => {
    const view = await openModal();

    const short = await slack.client.submit(MAYA, view, { reason: { text: 'four' } });
    const long = await slack.client.submit(MAYA, view, { reason: { text: 'x'.repeat(41) } });

    expect(short.errors?.['reason']).toContain('at least 5');
    expect(long.errors?.['reason']).toContain('at most 40');
  });

  test('a client that skips the checks reaches the app', async () => {
    const view = await openModal();

    await slack.client.submit(MAYA, view, { reason: { text: 'x'.repeat(41) } }, { bypassClient: true });

    expect(seen.submitted.at(-1)).toMatchObject({ reason: { text: { value: 'x'.repeat(41) } } });
  });

  test('the app’s errors come back under their blocks and the modal stays', async () => {
    const view = await openModal();

    const answer = await slack.client.submit(MAYA, view, { reason: { text: 'lunch break' } });

    expect(answer).toEqual({ ok: false, errors: { reason: 'Not a reason' } });
    expect((await slack.client.state()).slack.views[MAYA]?.id).toBe(view);
  });

  test('an update keeps what was typed, a push goes on top and closing returns to what is below', async () => {
    const view = await openModal();

    await slack.client.submit(MAYA, view, { reason: { text: 'once again' } });
    const updated = (await slack.client.state()).slack.views[MAYA];
    await slack.client.submit(MAYA, view, { reason: { text: 'some more' } });
    const pushed = (await slack.client.state()).slack.views[MAYA];
    await slack.client.closeView(MAYA, pushed?.id ?? '');

    expect(updated?.state.values['reason']?.['text']?.value).toBe('once again');
    expect(pushed).toMatchObject({ callback_id: 'next', root_view_id: view, previous_view_id: view });
    expect((await slack.client.state()).slack.views[MAYA]?.id).toBe(view);
  });

  test('a dismissed modal is reported when it asked for that', async () => {
    const view = await openModal();

    await slack.client.closeView(MAYA, view);

    expect(seen.closed).toContain(view);
    expect((await slack.client.state()).slack.views[MAYA]).toBeUndefined();
  });

  test('an external select offers what the app answers, and only that can be chosen', async () => {
    const view = await openModal();

    const options = await slack.client.options(MAYA, 'search', 'pay', view);
    const refused = slack.client.submit(MAYA, view, {
      reason: { text: 'settlement' },
      target: { search: 'other' },
    });
    await expect(refused).rejects.toThrow('not one of the options');
    await slack.client.submit(MAYA, view, { reason: { text: 'settlement' }, target: { search: 'payments' } });

    expect(options.map((option) => option.value)).toEqual(['payments']);
    expect(seen.submitted.at(-1)).toMatchObject({
      minutes: { pick: { type: 'static_select', selected_option: { value: '15' } } },
      target: { search: { type: 'external_select', selected_option: { value: 'payments' } } },
    });
  });

  test('a click carries the message, its place and a response_url that replaces it', async () => {
    await using watch = await slack.client.watch();
    await slack.client.submit(MAYA, await openModal(), { reason: { text: 'click me' } });
    const posted = await watch.until(
      on('slack.message', ({ message }) => message.text === 'Asked: click me'),
    );
    const { ts } = posted.data.message;

    const answer = await slack.client.click(
      { channel: INCIDENTS, ts },
      { user: JONAS, action_id: 'approve' },
    );
    await watch.until(on('slack.changed', ({ message }) => message.text === 'Approved'));

    expect(answer).toEqual({ ok: true });
    expect(seen.actions.at(-1)).toMatchObject({
      user: { id: JONAS, username: 'jonas', team_id: 'T0EXAMPLE1' },
      container: { type: 'message', message_ts: ts, channel_id: INCIDENTS, is_ephemeral: false },
      message: { ts, text: 'Asked: click me' },
      actions: [{ action_id: 'approve', block_id: 'decide', type: 'button', value: 'r1' }],
    });
    const gone = slack.client.click({ channel: INCIDENTS, ts }, { user: JONAS, action_id: 'approve' });
    await expect(gone).rejects.toThrow('there is no element approve');
  });

  test('a stale client can still click what is gone', async () => {
    const history = await slack.client.history(INCIDENTS, JONAS);
    const ts = history.find((message) => message.text === 'Approved')?.ts ?? '';
    const before = seen.actions.length;

    const answer = await slack.client.click(
      { channel: INCIDENTS, ts },
      { user: JONAS, action_id: 'approve', value: 'forged', bypassClient: true },
    );

    expect(answer).toEqual({ ok: true });
    expect(seen.actions).toHaveLength(before + 1);
    expect(seen.actions.at(-1)?.actions[0]).toMatchObject({ value: 'forged' });
  });

  test('changes of people and groups and people’s messages arrive as events', async () => {
    seen.events.length = 0;
    await using watch = await slack.client.watch();

    await slack.client.person({ id: JONAS, title: 'approver on leave' });
    await slack.client.group('S0SRELEADS', [JONAS]);
    await slack.client.say(MAYA, INCIDENTS, 'hello <!channel>');
    for (const type of ['user_change', 'subteam_members_changed', 'message']) {
      await watch.until(on('slack.delivery', (delivery) => delivery.type === type));
    }

    expect(seen.events.map((event) => event.type).toSorted()).toEqual([
      'message',
      'subteam_members_changed',
      'user_change',
    ]);
    expect((await slack.client.history(INCIDENTS, MAYA)).at(-1)?.text).toBe('hello &lt;!channel&gt;');
  });

  test('a past delivery can be sent again and says that it is a retry', async () => {
    await using watch = await slack.client.watch();
    await slack.client.say(MAYA, INCIDENTS, 'once');
    const { data } = await watch.until(on('slack.delivery', ({ type }) => type === 'message'));
    seen.events.length = 0;

    const answer = await slack.client.redeliver(data.id);

    expect(answer).toEqual({ ok: true, status: 200 });
    expect(seen.events).toEqual([{ type: 'message', retry: 1 }]);
  });
});
