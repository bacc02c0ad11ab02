import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Button, KnownBlock } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import {
  APP_TOKEN,
  AUDIT,
  INCIDENTS,
  JONAS,
  type LocalSlack,
  MAYA,
  startLocalSlack,
  webClient,
} from './support.ts';

let slack: LocalSlack;
let web: WebClient;

beforeAll(async () => {
  slack = await startLocalSlack({
    rates: 'off',
    botScopes: [
      'chat:write',
      'users:read',
      'im:write',
      'usergroups:read',
      'channels:read',
      'channels:history',
      'reactions:write',
    ],
  });
  web = slack.web;
});

afterAll(async () => {
  await slack[Symbol.asyncDispose]();
});

const dividers = (count: number): KnownBlock[] => Array.from({ length: count }, () => ({ type: 'divider' }));
const section = (text: string): KnownBlock => ({ type: 'section', text: { type: 'mrkdwn', text } });

/** Slack's answer to a call that it refuses. */
async function refusal(call: Promise<unknown>): Promise<{ error: string; messages: string[] }> {
  const error = (await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )) as { data?: { error: string; response_metadata?: { messages?: string[] } } } | undefined;
  return {
    error: error?.data?.error ?? 'not refused',
    messages: error?.data?.response_metadata?.messages ?? [],
  };
}

describe('tokens', () => {
  test('a wrong token, none, or the other kind is refused', async () => {
    expect((await refusal(webClient(slack.url, 'xoxb-other').auth.test())).error).toBe('invalid_auth');
    expect((await refusal(webClient(slack.url, APP_TOKEN).auth.test())).error).toBe('not_allowed_token_type');
    expect((await refusal(web.apps.connections.open({}))).error).toBe('not_allowed_token_type');
    const anonymous = await fetch(`${slack.url}/api/auth.test`, { method: 'POST' });
    expect(await anonymous.json()).toMatchObject({ ok: false, error: 'not_authed' });
  });

  test('auth.test names the bot', async () => {
    expect(await web.auth.test()).toMatchObject({
      ok: true,
      user_id: 'U0BGBOT001',
      bot_id: 'B0BGBOT001',
      team_id: 'T0EXAMPLE1',
    });
  });

  test('a method needs its scope', async () => {
    expect((await refusal(web.team.info())).error).toBe('missing_scope');
  });

  test('JSON bodies are taken as well as forms', async () => {
    const response = await fetch(`${slack.url}/api/chat.postMessage`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer xoxb-contract-test',
        'content-type': 'application/json; charset=utf-8',
      },
      body: JSON.stringify({ channel: INCIDENTS, text: 'as JSON', blocks: [section('as JSON')] }),
    });

    expect(await response.json()).toMatchObject({ ok: true, message: { text: 'as JSON' } });
  });

  test('an unknown method is refused', async () => {
    expect((await refusal(web.apiCall('files.upload'))).error).toBe('unknown_method');
  });
});

describe('messages', () => {
  test('a thread keeps its parent, counts its replies and is read back in order with metadata on request', async () => {
    const metadata = { event_type: 'request', event_payload: { id: 'r1' } };
    const parent = await web.chat.postMessage({ channel: INCIDENTS, text: 'parent', metadata });
    const ts = parent.ts ?? '';
    await web.chat.postMessage({ channel: INCIDENTS, text: 'first', thread_ts: ts });
    const shown = await web.chat.postMessage({
      channel: INCIDENTS,
      text: 'second',
      thread_ts: ts,
      reply_broadcast: true,
    });

    const thread = await web.conversations.replies({ channel: INCIDENTS, ts });
    const plain = await web.conversations.history({ channel: INCIDENTS, limit: 2 });
    const full = await web.conversations.history({
      channel: INCIDENTS,
      latest: ts,
      inclusive: true,
      limit: 1,
      include_all_metadata: true,
    });

    expect(thread.messages?.map((message) => message.text)).toEqual(['parent', 'first', 'second']);
    expect(thread.messages?.[0]).toMatchObject({ reply_count: 2, latest_reply: shown.ts });
    expect(plain.messages?.map((message) => message.text)).toEqual(['second', 'parent']);
    expect(plain.messages?.[1]).not.toHaveProperty('metadata');
    expect(full.messages?.[0]).toMatchObject({ text: 'parent', metadata });
  });

  test('history and members are handed out in pages', async () => {
    const first = await web.conversations.members({ channel: INCIDENTS, limit: 2 });
    const second = await web.conversations.members({
      channel: INCIDENTS,
      limit: 100,
      cursor: first.response_metadata?.next_cursor ?? '',
    });

    expect(first.members).toHaveLength(2);
    expect(second.response_metadata?.next_cursor).toBe('');
    expect([...(first.members ?? []), ...(second.members ?? [])]).toContain('U0BGBOT001');
  });

  test('an update keeps the blocks it does not mention and marks the message as edited', async () => {
    const { ts = '' } = await web.chat.postMessage({
      channel: INCIDENTS,
      text: 'one',
      blocks: [section('one')],
    });

    await web.chat.update({ channel: INCIDENTS, ts, text: 'two' });
    const kept = (await slack.client.history(INCIDENTS, MAYA)).find((message) => message.ts === ts);
    await web.chat.update({ channel: INCIDENTS, ts, text: 'three', blocks: [] });
    const bare = (await slack.client.history(INCIDENTS, MAYA)).find((message) => message.ts === ts);

    expect(kept).toMatchObject({
      text: 'two',
      blocks: [{ text: { text: 'one' } }],
      edited: { user: 'U0BGBOT001' },
    });
    expect(bare).not.toHaveProperty('blocks');
  });

  test('only its own messages can be changed or deleted', async () => {
    const { ts } = await slack.client.say(MAYA, INCIDENTS, 'mine');

    expect((await refusal(web.chat.update({ channel: INCIDENTS, ts, text: 'x' }))).error).toBe(
      'cant_update_message',
    );
    expect((await refusal(web.chat.delete({ channel: INCIDENTS, ts }))).error).toBe('cant_delete_message');
    expect((await refusal(web.chat.update({ channel: INCIDENTS, ts: '1.000001', text: 'x' }))).error).toBe(
      'message_not_found',
    );
  });

  test('an ephemeral message is seen by its addressee alone, who must be in the channel', async () => {
    await web.chat.postEphemeral({ channel: AUDIT, user: JONAS, text: 'for Jonas' });

    const outside = await refusal(web.chat.postEphemeral({ channel: AUDIT, user: MAYA, text: 'x' }));

    expect((await slack.client.history(AUDIT, JONAS)).map((message) => message.text)).toContain('for Jonas');
    expect((await slack.client.history(AUDIT, 'U0PRIYA001')).map((message) => message.text)).not.toContain(
      'for Jonas',
    );
    expect(outside.error).toBe('user_not_in_channel');
  });

  test('a bot that is not in a channel cannot post there, and does not see a private one', async () => {
    await slack.client.channel({ id: INCIDENTS, botIsMember: false });
    await slack.client.channel({ id: AUDIT, botIsMember: false });

    const inPublic = await refusal(web.chat.postMessage({ channel: INCIDENTS, text: 'x' }));
    const inPrivate = await refusal(web.chat.postMessage({ channel: AUDIT, text: 'x' }));
    await slack.client.channel({ id: INCIDENTS, botIsMember: true });
    await slack.client.channel({ id: AUDIT, botIsMember: true });

    expect([inPublic.error, inPrivate.error]).toEqual(['not_in_channel', 'channel_not_found']);
  });

  test('a direct message is opened once and can be addressed by user id', async () => {
    const opened = await web.conversations.open({ users: MAYA });
    const again = await web.conversations.open({ users: MAYA });
    const posted = await web.chat.postMessage({ channel: MAYA, text: 'hello' });

    expect(again.channel?.id).toBe(opened.channel?.id);
    expect(again.already_open).toBe(true);
    expect(posted.channel).toBe(opened.channel?.id);
  });

  test('permalinks and reactions name the message', async () => {
    const { ts = '' } = await web.chat.postMessage({ channel: INCIDENTS, text: 'linked' });

    const link = await web.chat.getPermalink({ channel: INCIDENTS, message_ts: ts });
    await web.reactions.add({ channel: INCIDENTS, timestamp: ts, name: 'lock' });
    const twice = await refusal(web.reactions.add({ channel: INCIDENTS, timestamp: ts, name: 'lock' }));

    expect(link.permalink).toBe(`https://example.slack.com/archives/${INCIDENTS}/p${ts.replace('.', '')}`);
    expect(twice.error).toBe('already_reacted');
  });
});

describe('limits of a message', () => {
  const post = (blocks: KnownBlock[], text = 'fallback') =>
    web.chat.postMessage({ channel: INCIDENTS, text, blocks });
  const button = (over: Partial<Button> = {}): Button => ({
    type: 'button',
    text: { type: 'plain_text', text: 'Go' },
    ...over,
  });
  const actions = (...elements: Button[]): KnownBlock => ({ type: 'actions', elements });

  const tooMuch: [string, KnownBlock[], string][] = [
    ['51 blocks', dividers(51), 'no more than 50 items allowed [json-pointer:/blocks]'],
    [
      'a section of 3,001',
      [section('x'.repeat(3001))],
      'must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
    ],
    ['an empty section', [section('')], 'must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
    [
      '11 fields',
      [{ type: 'section', fields: Array.from({ length: 11 }, () => ({ type: 'mrkdwn', text: 'f' })) }],
      'no more than 10 items allowed [json-pointer:/blocks/0/fields]',
    ],
    [
      'a header of 151',
      [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }],
      'must be less than 151 characters [json-pointer:/blocks/0/text/text]',
    ],
    [
      '26 buttons',
      [actions(...Array.from({ length: 26 }, (_, index) => button({ action_id: `a${index}` })))],
      'no more than 25 items allowed [json-pointer:/blocks/0/elements]',
    ],
    [
      'a button text of 76',
      [actions(button({ text: { type: 'plain_text', text: 'x'.repeat(76) } }))],
      'must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]',
    ],
    [
      'a button value of 2,001',
      [actions(button({ value: 'x'.repeat(2001) }))],
      'must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]',
    ],
    [
      'an action_id twice',
      [actions(button({ action_id: 'a' }), button({ action_id: 'a' }))],
      'action_id already exists in this block [json-pointer:/blocks/0]',
    ],
    [
      'a block_id twice',
      [
        { type: 'divider', block_id: 'b' },
        { type: 'divider', block_id: 'b' },
      ],
      'block_id already exists: b [json-pointer:/blocks/1]',
    ],
    [
      'a made-up block',
      [{ type: 'blink' } as unknown as KnownBlock],
      'unsupported type or missing `type` [json-pointer:/blocks/0/type]',
    ],
    [
      'a made-up field',
      [{ type: 'divider', colour: 'red' } as unknown as KnownBlock],
      'invalid additional property: colour [json-pointer:/blocks/0]',
    ],
  ];

  test.each(tooMuch)('%s are refused with the place of the mistake', async (_name, blocks, message) => {
    const { error, messages } = await refusal(post(blocks));

    expect(error).toBe('invalid_blocks');
    expect(messages).toContain(`[ERROR] ${message}`);
  });

  test('what is exactly at the limit is taken', async () => {
    await expect(post([section('x'.repeat(3000)), ...dividers(49)])).resolves.toMatchObject({ ok: true });
  });

  test('blocks with more than 13,200 characters together are refused', async () => {
    const { error } = await refusal(post(Array<KnownBlock>(5).fill(section('x'.repeat(2700)))));

    expect(error).toBe('msg_blocks_too_long');
  });

  test('a long text is cut when posted and refused when updated', async () => {
    const posted = await web.chat.postMessage({ channel: INCIDENTS, text: 'x'.repeat(40_001) });
    const updated = await refusal(
      web.chat.update({ channel: INCIDENTS, ts: posted.ts ?? '', text: 'x'.repeat(4001) }),
    );

    expect(posted.message?.text).toHaveLength(40_000);
    expect(updated.error).toBe('msg_too_long');
  });

  test('nothing to say, a thread that is not there and metadata of the wrong shape are refused', async () => {
    const metadata = { event_type: 'x' } as never;

    expect((await refusal(web.chat.postMessage({ channel: INCIDENTS, text: '' }))).error).toBe('no_text');
    expect(
      (await refusal(web.chat.postMessage({ channel: INCIDENTS, text: 'x', thread_ts: '1.000001' }))).error,
    ).toBe('thread_not_found');
    expect((await refusal(web.chat.postMessage({ channel: INCIDENTS, text: 'x', metadata }))).error).toBe(
      'invalid_metadata_format',
    );
  });
});

describe('people', () => {
  test.each([
    ['U0OLEK0001', { deleted: true }],
    ['U0GUEST001', { is_restricted: true, is_ultra_restricted: false, deleted: false }],
    ['U0ROBOT001', { is_bot: true }],
    ['U0OUTSIDE1', { is_stranger: true, team_id: 'T0ELSEWHR1' }],
    ['U0MAYA0001', { is_bot: false, is_restricted: false, team_id: 'T0EXAMPLE1' }],
  ])('%s is shown as what they are', async (user, flags) => {
    expect((await web.users.info({ user })).user).toMatchObject({ id: user, ...flags });
  });

  test('people of the own organisation carry no is_stranger, deactivated ones no is_restricted', async () => {
    expect((await web.users.info({ user: MAYA })).user).not.toHaveProperty('is_stranger');
    expect((await web.users.info({ user: 'U0OLEK0001' })).user).not.toHaveProperty('is_restricted');
  });

  test('an unknown person or group is refused', async () => {
    expect((await refusal(web.users.info({ user: 'U0NOBODY' }))).error).toBe('user_not_found');
    expect((await refusal(web.usergroups.users.list({ usergroup: 'S0NONE' }))).error).toBe('no_such_subteam');
  });

  test('a change of a person or a group is what the next call answers', async () => {
    await slack.client.person({ id: JONAS, deleted: true });
    await slack.client.group('S0SECURITY', [MAYA, JONAS]);

    const jonas = await web.users.info({ user: JONAS });
    const group = await web.usergroups.users.list({ usergroup: 'S0SECURITY' });

    expect(jonas.user?.deleted).toBe(true);
    expect(group.users).toEqual([MAYA, JONAS]);
  });

  test('a deactivated person has no client, unless it is forced', async () => {
    const typed = slack.client.command('U0OLEK0001', INCIDENTS, '/breakglass');

    await expect(typed).rejects.toThrow('cannot use Slack');
    expect(await slack.client.command('U0OLEK0001', INCIDENTS, '/breakglass', { force: true })).toEqual({
      ok: false,
      text: '/breakglass failed with the error "dispatch_failed"',
    });
  });
});
