import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { getRequest } from '../../../src/domain/state.ts';
import type { Worker } from '../../../src/lifecycle/worker.ts';
import type { Message } from '../../../src/sandbox/client.ts';
import { INCIDENTS, type LocalSlack, startLocalSlack } from '../../contract/sandbox-slack/support.ts';
import { requestIn } from '../../support/lifecycle-world.ts';
import {
  ask,
  AUDE,
  JONAS,
  MAYA,
  nextWhisper,
  PRIYA,
  type Product,
  startProduct,
  stateOf,
} from './support.ts';

let slack: LocalSlack;
let product: Product;
let worker: Worker;

beforeAll(async () => {
  slack = await startLocalSlack({ rates: 'off' });
  product = await startProduct(slack, 'socket');
  worker = await product.world.worker();
});

afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await slack[Symbol.asyncDispose]();
});

async function click(user: string, ts: string, action: string): Promise<void> {
  await slack.client.click({ channel: INCIDENTS, ts }, { user, action_id: action });
  await product.idle();
  await product.tellAll();
}

/** The worker does what it can, and everybody is told. */
async function work(request: string): Promise<void> {
  await product.world.advanced(worker, request);
  await product.desk.log.refresh();
  await product.tellAll();
}

async function open(): Promise<{ request: string; card: Message }> {
  const asked = await ask(slack, product);
  await click(JONAS, asked.card.ts, 'approve');
  await work(asked.request);
  return asked;
}

const messages = (thread?: string) => slack.client.history(INCIDENTS, JONAS, thread);
async function messageOf(card: Message, key: string): Promise<Message> {
  const all = key === 'card' ? await messages() : await messages(card.ts);
  const found = all.find(({ ts, metadata }) =>
    key === 'card' ? ts === card.ts : metadata?.event_payload['key'] === key,
  );
  if (found === undefined) throw new Error(`no message ${key}`);
  return found;
}
const buttonsOn = ({ blocks }: Message): string[] =>
  JSON.stringify(blocks)
    .split('"action_id":"')
    .slice(1)
    .map((rest) => rest.split('"')[0] ?? '');
const deadlineOf = (request: string): number => requestIn(worker.log, request, 'open').deadline;

describe('a later end, in Slack', () => {
  test('is asked on the card, approved in the thread, and shown once it is in effect', async () => {
    const { request, card } = await open();
    const before = deadlineOf(request);

    await click(MAYA, card.ts, 'extend');
    const asking = await messageOf(card, 'extension:1');
    const shown = await messageOf(card, 'card');
    await click(JONAS, asking.ts, 'approve_extension');
    const decided = await messageOf(card, 'extension:1');
    await work(request);

    expect(buttonsOn(asking)).toEqual(['approve_extension', 'deny_extension']);
    expect(buttonsOn(shown)).toEqual(['approve_extension', 'deny_extension', 'done', 'close_now']);
    expect(buttonsOn(decided)).toEqual([]);
    expect(deadlineOf(request)).toBe(before + 1_800);
    expect(JSON.stringify((await messageOf(card, 'card')).blocks)).toContain(
      `OPEN* until <!date^${before + 1_800}^`,
    );
    expect((await messageOf(card, 'extension:1:extended')).text).toContain('approved by Jonas Lind');
    await click(MAYA, card.ts, 'done');
    await work(request);
  });

  test('is denied on the card, and then no longer offered', async () => {
    const { request, card } = await open();
    await click(MAYA, card.ts, 'extend');

    await click(PRIYA, card.ts, 'deny_extension');

    const shown = await messageOf(card, 'card');
    expect(buttonsOn(shown)).toEqual(['done', 'close_now']);
    expect(JSON.stringify(shown.blocks)).toContain('Extension denied* by Priya');
    await click(MAYA, card.ts, 'done');
    await work(request);
  });

  test.each([
    ['asked for by somebody else', JONAS, 'extend', 'Only the person who asked'],
    ['asked for twice', MAYA, 'extend', 'asked for already'],
    ['approved by the requester', MAYA, 'approve_extension', 'somebody else has to decide'],
    ['approved by no approver', AUDE, 'approve_extension', 'not among the approvers'],
    ['denied by no approver', AUDE, 'deny_extension', 'not among the approvers'],
  ])('%s is refused to them alone', async (_, user, action, text) => {
    const { request, card } = await open();
    await click(MAYA, card.ts, 'extend');
    const value = `${request}/1`;

    const told = await nextWhisper(slack, user, () =>
      slack.client.click(
        { channel: INCIDENTS, ts: card.ts },
        { user, action_id: action, value, bypassClient: true },
      ),
    );

    expect(told).toContain(text);
    expect(getRequest(product.desk.log.state, request)).toMatchObject({
      state: 'open',
      extension: { approvals: [], denied: null },
    });
    await click(MAYA, card.ts, 'done');
    await work(request);
  });
});

describe('approving', () => {
  test('a second time while another approval is missing says that it is counted', async () => {
    const workflow = product.world.workflows.get('payments-console');
    if (workflow === undefined) throw new Error('no workflow');
    product.world.workflows.set(workflow.name, { ...workflow, approval: { ...workflow.approval, count: 2 } });
    const { request, card } = await ask(slack, product);
    product.world.workflows.set(workflow.name, workflow);
    await click(JONAS, card.ts, 'approve');

    const told = await nextWhisper(slack, JONAS, () => click(JONAS, card.ts, 'approve'));

    expect(told).toContain('counted already');
    expect(stateOf(product, request)).toBe('pending');
    await click(MAYA, card.ts, 'withdraw');
    await work(request);
  });
});

describe('the red button', () => {
  const command = (user: string, text: string) =>
    nextWhisper(slack, user, () => slack.client.command(user, INCIDENTS, text));

  test('by name ends what is open and about to open of that workflow, and says whose it was', async () => {
    const [first, second] = [await open(), await ask(slack, product)];
    await click(JONAS, second.card.ts, 'approve');

    const told = await command(PRIYA, '/breakglass close-all payments-console');
    await product.tellAll();

    expect(told).toContain('2 requests of *Payments admin console*');
    expect(told).toContain(`${first.request}, asked for by Maya Okafor`);
    expect(stateOf(product, second.request)).toBe('withdrawn');
    expect(getRequest(product.desk.log.state, first.request)?.closeRequested).toMatchObject({
      trigger: 'revoked',
      by: { name: 'Priya Raman' },
    });
    expect((await messageOf(first.card, 'close-asked')).text).toContain(
      'Priya Raman asked to close port 8443',
    );
    await work(first.request);
    await work(second.request);
  });

  test('without a name lists what there is, each with its button', async () => {
    const { request } = await open();

    const told = await command(JONAS, '/breakglass close-all');
    const list = (await messages()).findLast(({ is_ephemeral: only }) => only === true);
    const answer = await nextWhisper(slack, JONAS, () =>
      slack.client.click({ channel: INCIDENTS, ts: list?.ts ?? '' }, { user: JONAS, action_id: 'close_all' }),
    );

    expect(told).toContain('*Payments admin console* (payments-console): 1 request');
    expect(answer).toContain('1 request of *Payments admin console*');
    expect(getRequest(product.desk.log.state, request)?.closeRequested?.trigger).toBe('revoked');
    await work(request);
  });

  test.each([
    ['with nothing open', JONAS, 'close-all', 'Nothing is open'],
    [
      'by name, with nothing open',
      JONAS,
      'close-all payments-console',
      'Nothing of *Payments admin console*',
    ],
    ['by somebody who approves nothing', MAYA, 'close-all', 'not among the approvers'],
    ['by name, by no approver of it', MAYA, 'close-all payments-console', 'not among the approvers'],
    ['by a name that is none', JONAS, 'close-all payments', 'no such workflow'],
  ])('%s says so', async (_, user, text, expected) => {
    expect(await command(user, `/breakglass ${text}`)).toContain(expected);
  });
});
