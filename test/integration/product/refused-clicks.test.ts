import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RefusalCode } from '../../../src/domain/refusals.ts';
import type { Message } from '../../../src/sandbox/client.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { eventually } from '../../support/eventually.ts';
import { workflowFile } from '../../support/builders/workflow-file.ts';
import { Product } from '../../support/product.ts';
import {
  approve,
  ask,
  form,
  from,
  idOf,
  ledgerForm,
  opened,
  press,
  settled,
  type Asked,
} from '../../support/product/acts.ts';

const HASTY = workflowFile({
  name: 'hasty',
  title: 'A console for those who answer at once',
  group: AWS_WORLD.securityGroups[1].id,
  sources: { typed: true, allow: [{ name: 'office VPN', cidr: '10.20.0.7/32' }] },
  approval: { count: 1, from: { groups: ['S0SRELEADS'] }, lapseAfter: '10s' },
});

type Handle = 'maya' | 'jonas' | 'priya' | 'aude' | 'gil' | 'olek' | 'deploybot' | 'sam';

let product: Product;
let unanswered: Asked;

beforeAll(async () => {
  product = await Product.start({ workflows: { 'hasty.yaml': HASTY } });
  unanswered = await ask(product, { ...form(), 'What do you need': 'hasty' });
}, 120_000);

afterAll(() => product[Symbol.asyncDispose]());

/** A click that Slack's client would no longer offer, or never has; and what the person reads because of it. */
async function staleClick(who: Handle, { id, channel, card }: Asked, action: string): Promise<string> {
  const before = await answersTo(who, channel);
  await product.client.click(
    { channel, ts: card },
    { user: idOf(who), action_id: action, value: id, bypassClient: true, force: true },
  );
  const [answer] = await eventually(`an answer to ${who}`, 20_000, async () => {
    const now = await answersTo(who, channel);
    return now.length > before.length && now.slice(before.length);
  });
  return answer?.text ?? '';
}

/** Over, and the bot knows it: until it has read the last record of a request, that is decided and no more. */
async function over(asked: Asked): Promise<void> {
  await settled(product, asked);
  const commits = await product.log.commits();
  await eventually(
    'the bot has read what is in the log',
    20_000,
    async () => (await product.bot.metric('breakglass_log_commit')) >= commits,
  );
}

async function answersTo(who: Handle, channel: string): Promise<Message[]> {
  return (await product.client.history(channel, idOf(who))).filter(
    ({ is_ephemeral, text }) => is_ephemeral && !text.startsWith('✅'),
  );
}

async function refusals(who: Handle, { id }: Asked): Promise<[action: string, codes: RefusalCode[]][]> {
  return (await product.log.all('action.refused', id))
    .filter(({ person }) => person.identity.user === idOf(who))
    .map(({ action, codes }) => [action, [...codes]]);
}

describe('a request that waits for its approval', () => {
  let asked: Asked;

  beforeAll(async () => {
    asked = await ask(product, from('stranger'));
  });

  test.each<[Handle, string, string, string, RefusalCode]>([
    ['maya', 'the requester', 'approve', 'This is your own request', 'own-request'],
    ['maya', 'the requester', 'deny', 'This is your own request', 'own-request'],
    ['aude', 'somebody who is no approver', 'approve', 'not among the approvers', 'not-an-approver'],
    ['aude', 'somebody who is no approver', 'close_now', 'not among the approvers', 'not-an-approver'],
    ['aude', 'somebody who did not ask', 'withdraw', 'Only the person who asked', 'not-yours-to-end'],
    ['gil', 'a guest', 'approve', 'Guests cannot', 'guest'],
    [
      'sam',
      'somebody of another organisation',
      'approve',
      'Only people of this organisation',
      'outside-organisation',
    ],
    ['olek', 'somebody deactivated', 'approve', 'This account is deactivated', 'deactivated'],
    ['deploybot', 'a bot', 'approve', 'Bots cannot', 'bot'],
  ])('%s, %s, cannot %s it, is told so, and it is recorded', async (who, _, action, text, code) => {
    const answer = await staleClick(who, asked, action);

    expect(answer).toContain(text);
    expect((await refusals(who, asked)).map(([, codes]) => codes)).toContainEqual([code]);
    expect((await product.log.story(asked.id)).filter((type) => type !== 'action.refused')).toEqual([
      'request.asked',
    ]);
  });
});

describe('a click that comes too late', () => {
  test('after a denial: told that it is over, nothing changes, and it is recorded', async () => {
    const asked = await ask(product, from('approver'));
    await press(product, 'priya', asked, 'Deny');
    await over(asked);

    const answer = await staleClick('jonas', asked, 'approve');

    expect(answer).toContain('This request is not open any more.');
    expect(await refusals('jonas', asked)).toEqual([['approve', ['no-such-request']]]);
  });

  test('after it was withdrawn: the same', async () => {
    const asked = await ask(product, from('approver'));
    await press(product, 'maya', asked, 'Withdraw');
    await over(asked);

    const answer = await staleClick('jonas', asked, 'approve');

    expect(answer).toContain('This request is not open any more.');
    expect(await refusals('jonas', asked)).toEqual([['approve', ['no-such-request']]]);
  });

  test('after it lapsed: the same, and the lapse itself is recorded', async () => {
    await over(unanswered);

    const answer = await staleClick('jonas', unanswered, 'approve');

    expect(answer).toContain('This request is not open any more.');
    expect((await product.log.story(unanswered.id)).slice(0, 3)).toEqual([
      'request.asked',
      'request.lapsed',
      'request.sealed',
    ]);
  });

  test('while it is open: told that it is decided; Close now still works, at once', async () => {
    const asked = await ask(product, { ...from('requester'), 'For how long': '60s' });
    await approve(product, asked, 'jonas');
    await opened(product, asked);

    const answer = await staleClick('priya', asked, 'approve');
    await press(product, 'priya', asked, 'Close now');
    await eventually('closed', 20_000, async () => (await product.probe('requester')).open === false);
    const closedAt = Date.now();
    const requested = await product.log.all('close.requested', asked.id);

    expect(answer).toContain('This request has been decided already.');
    expect(requested).toMatchObject([{ trigger: 'revoked', by: { identity: { user: idOf('priya') } } }]);
    expect(closedAt - Date.parse(requested[0]?.at ?? '')).toBeLessThan(2_000);
    await settled(product, asked);
  }, 120_000);
});

describe('a double click', () => {
  test('approves once', async () => {
    const asked = await ask(product, ledgerForm());

    await Promise.all([approve(product, asked, 'jonas'), approve(product, asked, 'jonas')]);
    await approve(product, asked, 'jonas');

    await eventually(
      'the approval',
      20_000,
      async () => (await product.log.all('approval.given', asked.id)).length > 0,
    );
    await press(product, 'priya', asked, 'Deny');
    await settled(product, asked);
    expect(await product.log.story(asked.id)).toEqual([
      'request.asked',
      'approval.given',
      'request.denied',
      'request.sealed',
    ]);
  });

  test('on Deny denies once', async () => {
    const asked = await ask(product, from('stranger'));

    await Promise.all([press(product, 'priya', asked, 'Deny'), press(product, 'priya', asked, 'Deny')]);

    await settled(product, asked);
    // A second click that arrives when all is over is told so, and that is recorded.
    expect((await product.log.story(asked.id)).filter((type) => type !== 'action.refused')).toEqual([
      'request.asked',
      'request.denied',
      'request.sealed',
    ]);
  });
});
