import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import {
  INCIDENTS,
  type LocalSlack,
  startLocalSlack,
  type Transport,
} from '../../contract/sandbox-slack/support.ts';
import { linkTo } from '../../support/fakes/fake-incidents.ts';
import {
  ask,
  AUDE,
  GONE,
  GOOD,
  GUEST,
  JONAS,
  MAYA,
  nextWhisper,
  openForm,
  OUTSIDER,
  PRIYA,
  type Product,
  ROBOT,
  startProduct,
  stateOf,
  viewOf,
} from './support.ts';

describe.each<Transport>(['http', 'socket'])('asking and deciding in Slack over %s', (transport) => {
  let slack: LocalSlack;
  let product: Product;

  beforeAll(async () => {
    slack = await startLocalSlack({ rates: 'off' });
    product = await startProduct(slack, transport);
  });

  afterAll(async () => {
    await product[Symbol.asyncDispose]();
    await slack[Symbol.asyncDispose]();
  });

  /** Clicks, and waits until the click has been dealt with. */
  async function click(user: string, ts: string, action: string): Promise<void> {
    await slack.client.click({ channel: INCIDENTS, ts }, { user, action_id: action });
    await product.idle();
  }

  test('the command opens a form for the workflow, filled with its defaults', async () => {
    const view = await openForm(slack);

    expect(view.state.values['workflow']?.['workflow']?.selected_option?.value).toBe('payments-console');
    expect(view.state.values['duration']?.['duration']?.value).toBe('30m');
    expect(JSON.stringify(view.blocks)).toContain('at most 2h');
    expect(JSON.parse(view.private_metadata)).toEqual({ channel: INCIDENTS, workflow: 'payments-console' });
  });

  test('a good form closes, is recorded, and leads to its card', async () => {
    const view = await openForm(slack);
    const before = product.ids();

    const told = await nextWhisper(slack, MAYA, async () => {
      expect(await slack.client.submit(MAYA, view.id, GOOD)).toEqual({ ok: true });
      expect(await viewOf(slack)).toBeUndefined();
      await product.tellAll();
    });

    const request = product.ids().find((id) => !before.includes(id)) ?? '';
    expect(stateOf(product, request)).toBe('pending');
    expect(told).toContain(request);
    expect(told).toMatch(/<https:\/\/example\.slack\.com\/archives\/C0INCIDENT\/p\d+\|Its card>/);
  });

  test('everything wrong is said at once, under its field, and what was typed stays', async () => {
    const view = await openForm(slack);
    const wrong = {
      source: { source: '10.0.0.1/8' },
      duration: { duration: '3h' },
      reason: { reason: 'short' },
      incident: { incident: 'not a link' },
    };

    const answer = await slack.client.submit(MAYA, view.id, wrong);

    expect(answer).toEqual({
      ok: false,
      errors: {
        source: expect.stringContaining('without the part after the slash'),
        duration: 'Ask for at most 2h.',
        reason: 'Write at least 15 characters; this has 5.',
        incident: expect.stringContaining('not a link'),
      },
    });
    const kept = await viewOf(slack);
    expect(kept?.state.values['reason']?.['reason']?.value).toBe('short');
  });

  test.each<[string, string, string, RegExp]>([
    ['no address', 'source', 'nowhere', /Write one IPv4 or IPv6 address/],
    ['a private address', 'source', '10.20.0.9', /private address/],
    ['a loopback address', 'source', '127.0.0.1', /loopback/],
    ['a multicast address', 'source', '224.0.0.1', /multicast/],
    ['a network', 'source', '203.0.113.0/24', /more than one address/],
    ['a duration of nothing', 'duration', '0m', /number and a unit/],
    ['a negative duration', 'duration', '-5m', /number and a unit/],
    ['a duration that is a word', 'duration', 'soon', /number and a unit/],
    ['a duration under ten seconds', 'duration', '9s', /at least 10s/],
    [
      'a link elsewhere',
      'incident',
      'https://example.com/1',
      /not a link to this workflow’s incident system/,
    ],
    ['an unknown incident', 'incident', linkTo('PNOWHERE'), /does not know this incident/],
  ])('%s is refused under the field', async (_, field, typed, text) => {
    const view = await openForm(slack);

    const answer = await slack.client.submit(MAYA, view.id, { ...GOOD, [field]: { [field]: typed } });

    expect(answer.errors).toEqual({ [field]: expect.stringMatching(text) });
  });

  test('a reason over 3,000 characters that Slack’s client let through is refused', async () => {
    const view = await openForm(slack);
    const values = { ...GOOD, reason: { reason: 'x'.repeat(3_001) } };

    const answer = await slack.client.submit(MAYA, view.id, values, { bypassClient: true });

    expect(answer.errors?.['reason']).toBe('Write at most 3000 characters; this has 3001.');
  });

  test('an address both chosen and typed is asked back', async () => {
    const view = await openForm(slack);

    const answer = await slack.client.submit(MAYA, view.id, { ...GOOD, listed: { listed: 'office VPN' } });

    expect(answer.errors?.['source']).toContain('not both');
  });

  test('a listed address can be chosen', async () => {
    const view = await openForm(slack);

    const answer = await slack.client.submit(MAYA, view.id, {
      ...GOOD,
      source: { source: null },
      listed: { listed: 'office VPN' },
    });

    expect(answer).toEqual({ ok: true });
    const asked = product.desk.log.state.requests.get(product.ids().at(-1) ?? '')?.asked;
    expect(asked?.source).toEqual({ address: '10.20.0.7/32', name: 'office VPN' });
  });

  test('a submission delivered twice asks once and gets the same answer', async () => {
    const view = await openForm(slack);
    await slack.client.submit(MAYA, view.id, GOOD);
    const after = product.ids().length;
    const delivery = (await slack.client.deliveries()).findLast(({ type }) => type === 'view_submission');

    const answer = await slack.client.redeliver(delivery?.id ?? '');

    expect(answer).toMatchObject({ ok: true });
    expect(product.ids()).toHaveLength(after);
  });

  test.each([
    ['a guest', GUEST, /Guests cannot ask/],
    ['somebody outside the organisation', OUTSIDER, /people of this organisation/],
    ['somebody who may ask for nothing', AUDE, /not among the people who may ask/],
    ['a deactivated account', GONE, /deactivated/],
    ['a bot', ROBOT, /Bots cannot ask/],
  ])('%s gets no form and is told why', async (_, user, text) => {
    await slack.client.channel({
      id: INCIDENTS,
      members: [MAYA, JONAS, PRIYA, AUDE, GUEST, OUTSIDER, GONE, ROBOT],
    });

    const told = await nextWhisper(slack, user, () =>
      slack.client.command(user, INCIDENTS, '/breakglass', { force: true }),
    );

    expect(told).toMatch(text);
    expect(await viewOf(slack, user)).toBeUndefined();
  });

  test.each(['help', 'what is this', 'HELP'])('“/breakglass %s” explains', async (words) => {
    const told = await nextWhisper(slack, MAYA, () =>
      slack.client.command(MAYA, INCIDENTS, `/breakglass ${words}`),
    );

    expect(told).toContain('Type `/breakglass`');
  });

  test('in a channel where nobody would see the card it says so', async () => {
    await slack.client.channel({ id: INCIDENTS, botIsMember: false });

    const told = await nextWhisper(slack, MAYA, () => slack.client.command(MAYA, INCIDENTS, '/breakglass'));

    await slack.client.channel({ id: INCIDENTS, botIsMember: true });
    expect(told).toContain('/invite');
    expect(await viewOf(slack)).toBeUndefined();
  });

  test('the requester’s own approval is refused to them alone', async () => {
    const { request, card } = await ask(slack, product);

    const told = await nextWhisper(slack, MAYA, () => click(MAYA, card.ts, 'approve'));

    expect(told).toContain('your own request');
    expect(stateOf(product, request)).toBe('pending');
  });

  test('somebody who is no approver is refused, also when their client is forged', async () => {
    const { request, card } = await ask(slack, product);

    const told = await nextWhisper(slack, AUDE, () => click(AUDE, card.ts, 'approve'));

    expect(told).toContain('not among the approvers');
    expect(stateOf(product, request)).toBe('pending');
  });

  test('an approver’s click is recorded, shows on the card, and a second one changes nothing', async () => {
    const { request, card } = await ask(slack, product);

    await click(JONAS, card.ts, 'approve');
    await click(JONAS, card.ts, 'approve');
    await product.tellAll();

    expect(stateOf(product, request)).toBe('approved');
    expect(product.desk.log.state.requests.get(request)?.approvals).toHaveLength(1);
    const shown = (await slack.client.history(INCIDENTS, MAYA)).find(({ ts }) => ts === card.ts);
    expect(JSON.stringify(shown?.blocks)).toContain('✅ *Approved*');
  });

  test('a click delivered twice changes nothing', async () => {
    const { request, card } = await ask(slack, product);
    await click(JONAS, card.ts, 'approve');
    const version = product.desk.log.state.requests.get(request)?.version;
    const delivery = (await slack.client.deliveries()).findLast(({ type }) => type === 'block_actions');

    const answer = await slack.client.redeliver(delivery?.id ?? '');
    await product.idle();

    expect(answer).toMatchObject({ ok: true });
    expect(product.desk.log.state.requests.get(request)?.version).toBe(version);
  });

  test('a request that was denied can no longer be approved', async () => {
    const { request, card } = await ask(slack, product);
    await click(PRIYA, card.ts, 'deny');

    const told = await nextWhisper(slack, JONAS, () => click(JONAS, card.ts, 'approve'));

    expect(stateOf(product, request)).toBe('denied');
    expect(told).toContain('decided already');
  });

  test('the requester withdraws, and nobody else can', async () => {
    const { request, card } = await ask(slack, product);

    const told = await nextWhisper(slack, PRIYA, () => click(PRIYA, card.ts, 'withdraw'));
    expect(stateOf(product, request)).toBe('pending');
    await click(MAYA, card.ts, 'withdraw');

    expect(told).toContain('Only the person who asked');
    expect(stateOf(product, request)).toBe('withdrawn');
  });

  test.each([
    ['the requester is done', 'done', MAYA, 'done'],
    ['an approver closes it now', 'close_now', PRIYA, 'revoked'],
  ])('while it is open, %s', async (_, action, user, trigger) => {
    const { request, card } = await ask(slack, product);
    await click(JONAS, card.ts, 'approve');
    const worker = await product.world.worker();
    await product.world.advanced(worker, request);
    await product.desk.log.refresh();
    await product.tellAll();
    expect(stateOf(product, request)).toBe('open');

    await click(user, card.ts, action);

    expect(product.desk.log.state.requests.get(request)?.closeRequested).toMatchObject({ trigger });
    await product.world.advanced(worker, request);
  });

  test('an approver who left the group a moment ago is no approver', async () => {
    const { request, card } = await ask(slack, product);
    await slack.client.group('S0SRELEADS', [PRIYA]);

    const told = await nextWhisper(slack, JONAS, () => click(JONAS, card.ts, 'approve'));

    await slack.client.group('S0SRELEADS', [JONAS, PRIYA]);
    expect(told).toContain('not among the approvers');
    expect(stateOf(product, request)).toBe('pending');
  });

  test('what was refused is in the record', async () => {
    const { card } = await ask(slack, product);
    const before = product.desk.log.head.size;

    await nextWhisper(slack, AUDE, () => click(AUDE, card.ts, 'deny'));

    expect(product.desk.log.head.size).toBe(before + 1);
  });
});
