import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { ThreadKept, ThreadMessage } from '../../../src/domain/records.ts';
import { getRequest } from '../../../src/domain/state.ts';
import { done } from '../../../src/lifecycle/end-early.ts';
import { keepThread } from '../../../src/lifecycle/keep-thread.ts';
import { createThreadReader } from '../../../src/slack/thread-reader.ts';
import { INCIDENTS, type LocalSlack, startLocalSlack } from '../../contract/sandbox-slack/support.ts';
import { eventually } from '../../support/eventually.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';
import { apiOf, ask, JONAS, linesOf, MAYA, PRIYA, type Product, startProduct, wallClock } from './support.ts';

let slack: LocalSlack;
let product: Product;

beforeEach(async () => {
  slack = await startLocalSlack({ rates: 'off' });
  product = await startProduct(slack, 'http');
});

afterEach(async () => {
  await product[Symbol.asyncDispose]();
  await slack[Symbol.asyncDispose]();
});

const reader = () => createThreadReader({ ...apiOf(slack), logger: linesOf().logger, clock: wallClock });
const say = async (user: string, text: string, ts: string): Promise<string> =>
  (await slack.client.say(user, INCIDENTS, text, ts)).ts;
const removals = (): number =>
  recordsIn(product.world.store).filter(({ type }) => type === 'thread.message-removed').length;

/** Withdrawn, and its thread kept. */
async function kept(request: string): Promise<ThreadKept> {
  const { identity } = getRequest(product.desk.log.state, request)!.asked.requester;
  await done(product.desk, { person: identity, request });
  await keepThread(product.desk, reader(), request);
  const record = recordsIn(product.world.store).find(({ type }) => type === 'thread.kept');
  if (record?.type !== 'thread.kept') throw new Error('no thread was kept');
  return record;
}

const who = ({ by }: ThreadMessage): string =>
  by.who === 'person' ? by.identity.user : by.who === 'us' ? `us: ${by.key}` : by.id;

describe('the thread of a request', () => {
  test('is kept with what people and the bot wrote, who edited what, and what was removed', async () => {
    const { request, card } = await ask(slack, product);
    await say(JONAS, 'password: hunter2!secret', card.ts);
    const edited = await say(PRIYA, 'first thought', card.ts);
    await slack.client.editMessage(PRIYA, INCIDENTS, edited, 'second <thought> & more');
    const removed = await say(JONAS, 'something that I should not have pasted', card.ts);
    await slack.client.deleteMessage(JONAS, INCIDENTS, removed);
    await eventually('the removal is noted', 5_000, () => removals() === 1);

    const { messages, complete, channel, thread } = await kept(request);

    expect({ complete, channel, thread }).toEqual({ complete: true, channel: INCIDENTS, thread: card.ts });
    expect(messages.map(who)).toEqual(['us: card', JONAS, PRIYA, JONAS]);
    expect(messages[1]).toMatchObject({
      by: { identity: { enterprise: null, team: 'T0EXAMPLE1', user: JONAS } },
      text: 'password: [secret removed]',
      edited: null,
      removedAt: null,
    });
    expect(messages[2]).toMatchObject({
      text: 'second &lt;thought&gt; &amp; more',
      edited: { at: expect.any(Number), by: { user: PRIYA } },
    });
    expect(messages[3]).toMatchObject({ ts: removed, text: '', removedAt: expect.any(Number) });
    expect(JSON.stringify(recordsIn(product.world.store))).not.toContain('should not have pasted');
  });

  test('is read page by page, and cut with a count where it is very long', async () => {
    const { request, card } = await ask(slack, product);
    for (let n = 0; n < 620; n += 1) await say(MAYA, `line ${n}`, card.ts);

    const { messages, complete, omitted, problem } = await kept(request);

    expect(messages).toHaveLength(500);
    expect({ complete, omitted }).toEqual({ complete: false, omitted: 121 });
    expect(problem).toBe('the thread is longer than what one record holds');
  });

  test('whose texts are long fits into a record all the same', async () => {
    const { request, card } = await ask(slack, product);
    for (let n = 0; n < 140; n += 1) await say(MAYA, `${n} ${'ä'.repeat(6_000)}`, card.ts);

    const { messages, omitted } = await kept(request);

    expect(Buffer.byteLength(JSON.stringify(messages))).toBeLessThan(700_000);
    expect(messages[1]?.text).toHaveLength(4_000);
    expect(messages.length + omitted).toBe(141);
  });

  test('that cannot be read is sealed without, and the record says why', async () => {
    const { request } = await ask(slack, product);
    await slack.client.channel({ id: INCIDENTS, botIsMember: false });

    expect(await kept(request)).toMatchObject({
      messages: [],
      complete: false,
      problem: 'Slack says not_in_channel',
    });
  });

  test('is not given up while Slack is away', async () => {
    const { request } = await ask(slack, product);
    await slack.client.faults({ 'slack.down': true });

    await expect(kept(request)).rejects.toThrow();

    await slack.client.faults({ 'slack.down': null });
    expect(await kept(request)).toMatchObject({ complete: true });
  });

  test('whose card an admin removed says so', async () => {
    const { request, card } = await ask(slack, product);
    await say(JONAS, 'where did it go?', card.ts);
    await slack.client.deleteMessage(JONAS, INCIDENTS, card.ts, { admin: true });

    const { messages } = await kept(request);

    expect(messages[0]).toMatchObject({ ts: card.ts, text: '', removedAt: expect.any(Number) });
    expect(messages).toHaveLength(2);
  });
});

test('what is removed elsewhere is nobody’s business', async () => {
  const { card } = await ask(slack, product);
  const elsewhere = await slack.client.say(JONAS, INCIDENTS, 'lunch?');
  const reply = await say(PRIYA, 'yes', elsewhere.ts);
  const ours = await say(PRIYA, 'on it', card.ts);

  await slack.client.deleteMessage(PRIYA, INCIDENTS, reply);
  await slack.client.deleteMessage(JONAS, INCIDENTS, elsewhere.ts);
  await slack.client.deleteMessage(PRIYA, INCIDENTS, ours);

  await eventually('the removal is noted', 5_000, () => removals() === 1);
});
