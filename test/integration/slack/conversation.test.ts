import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Request } from '../../../src/domain/request.ts';
import type { PostedMessage } from '../../../src/ports/conversation.ts';
import type { Message } from '../../../src/sandbox/client.ts';
import { createConversation } from '../../../src/slack/conversation.ts';
import { AUDIT, INCIDENTS, type LocalSlack, startLocalSlack } from '../../contract/sandbox-slack/support.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { CHECKPOINT, JONAS, REQUEST, Story } from '../../unit/slack/support.ts';
import { losingAnswerTo } from './lossy-proxy.ts';
import { apiOf, linesOf, type Line } from './support.ts';

const WORKFLOWS = new Map([['payments-console', aWorkflow()]]);
const ALL = ['card', 'approved:1', 'open', 'closed', 'rotated', 'audit', 'sealed'];

let slack: LocalSlack;
let lines: Line[];

beforeEach(async () => {
  slack = await startLocalSlack({ rates: 'off' });
});

afterEach(async () => {
  await slack[Symbol.asyncDispose]();
});

/** A bot that has just started. */
function started() {
  const log = linesOf();
  lines = log.lines;
  return createConversation({
    ...apiOf(slack),
    workflows: WORKFLOWS,
    logger: log.logger,
    securityChannel: null,
    checkpoint: () => CHECKPOINT,
  });
}

/** Takes what was posted down as the log would, and shows it in the next snapshot. */
class Recorder {
  readonly posted: PostedMessage[] = [];
  failAt: string | undefined;

  readonly record = async (message: PostedMessage): Promise<void> => {
    if (message.key === this.failAt) {
      this.failAt = undefined;
      throw new Error('the log is away');
    }
    this.posted.push(message);
    return Promise.resolve();
  };

  get keys(): string[] {
    return this.posted.map(({ key }) => key);
  }

  /** The request as the log has it now. */
  seen(request: Request): Request {
    const messages = Object.fromEntries(this.posted.map(({ key, channel, ts }) => [key, { channel, ts }]));
    return { ...request, messages: { ...request.messages, ...messages } };
  }
}

/** Fixed moments of the story lie before anything is posted here, so that looking back finds it. */
const sealed = (): Request => new Story().rotated().sealed().request;

const messages = async (channel = INCIDENTS): Promise<Message[]> =>
  (await slack.client.history(channel, 'U0JONAS001')).filter(({ bot_id: bot }) => bot !== undefined);
const thread = async (ts: string): Promise<string[]> =>
  (await slack.client.history(INCIDENTS, 'U0JONAS001', ts)).map(keyOf);
const keyOf = ({ metadata }: Message): string => String(metadata?.event_payload['key']);
const everything = async (): Promise<string[]> => {
  const [card] = await messages();
  return [...(await thread(card?.ts ?? '')), ...(await messages(AUDIT)).map(keyOf)].toSorted();
};

describe('telling people', () => {
  test('tells a whole story that was missed, in order, and reports each message', async () => {
    const recorder = new Recorder();

    await started().tell(sealed(), recorder.record);

    expect(recorder.keys).toEqual(ALL);
    const [card] = await messages();
    expect(await thread(card?.ts ?? '')).toEqual([
      'card',
      'approved:1',
      'open',
      'closed',
      'rotated',
      'sealed',
    ]);
    expect((await messages(AUDIT)).map(keyOf)).toEqual(['audit']);
    expect(recorder.posted[0]).toEqual({ key: 'card', channel: INCIDENTS, ts: card?.ts });
  });

  test('marks each message with its request and what it is, and unfurls nothing', async () => {
    await started().tell(new Story().request, new Recorder().record);

    const [card] = await messages();
    expect(card?.metadata).toEqual({
      event_type: 'breakglass',
      event_payload: { request: REQUEST, key: 'card' },
    });
  });

  test('told again it posts nothing and changes nothing', async () => {
    const conversation = started();
    const recorder = new Recorder();
    const request = new Story().open().request;
    await conversation.tell(request, recorder.record);
    const [before] = await messages();

    await conversation.tell(recorder.seen(request), recorder.record);

    expect(recorder.keys).toEqual(['card', 'approved:1', 'open']);
    expect((await messages())[0]?.edited).toEqual(before?.edited);
  });

  test('posts only what is new and redraws the card when the request moves on', async () => {
    const conversation = started();
    const recorder = new Recorder();
    const story = new Story();
    await conversation.tell(story.request, recorder.record);

    await conversation.tell(recorder.seen(story.approved().request), recorder.record);

    expect(recorder.keys).toEqual(['card', 'approved:1']);
    expect(JSON.stringify((await messages())[0]?.blocks)).toContain('✅ *Approved*');
  });

  test('redraws the card once after a start, whatever it shows', async () => {
    const recorder = new Recorder();
    const request = new Story().request;
    await started().tell(request, recorder.record);
    await slack.web.chat.update({
      channel: INCIDENTS,
      ts: recorder.posted[0]!.ts,
      text: 'stale',
      blocks: [],
    });
    const again = started();

    await again.tell(recorder.seen(request), recorder.record);
    const first = (await messages())[0];
    await again.tell(recorder.seen(request), recorder.record);

    expect(JSON.stringify(first?.blocks)).toContain('Waiting for approval');
    expect((await messages())[0]?.edited).toEqual(first?.edited);
  });

  test('leaves a story that has been told to its end alone, after a start too', async () => {
    const recorder = new Recorder();
    await started().tell(sealed(), recorder.record);
    const [before] = await messages();

    await started().tell(recorder.seen(sealed()), recorder.record);

    expect(recorder.keys).toEqual(ALL);
    expect((await messages())[0]?.edited).toEqual(before?.edited);
  });

  test('pings approvers in the card’s first posting and in nothing after it', async () => {
    const conversation = started();
    const recorder = new Recorder();
    const story = new Story();
    await conversation.tell(story.request, recorder.record);
    const first = JSON.stringify(await messages());

    await conversation.tell(recorder.seen(story.rotated().sealed().request), recorder.record);

    expect(first).toContain('<!subteam^S0SRELEADS>');
    expect(JSON.stringify([await messages(), await messages(AUDIT)])).not.toContain('<!subteam');
  });

  test('two calls with the same old snapshot post nothing twice', async () => {
    const conversation = started();
    const recorder = new Recorder();

    await Promise.all([1, 2, 3].map(() => conversation.tell(sealed(), recorder.record)));

    expect(await everything()).toEqual(ALL.toSorted());
  });
});

describe('a crash between posting and recording', () => {
  test.each(ALL)('of “%s” posts it no second time', async (key) => {
    const recorder = new Recorder();
    recorder.failAt = key;
    await expect(started().tell(sealed(), recorder.record)).rejects.toThrow('the log is away');

    await started().tell(recorder.seen(sealed()), recorder.record);

    expect(recorder.keys).toEqual(ALL);
    expect(await everything()).toEqual(ALL.toSorted());
    expect(recorder.posted.map(({ ts }) => ts)).toEqual([...new Set(recorder.posted.map(({ ts }) => ts))]);
  });

  test.each(ALL)('of “%s” is made up for by the same process as well', async (key) => {
    const conversation = started();
    const recorder = new Recorder();
    recorder.failAt = key;
    await expect(conversation.tell(sealed(), recorder.record)).rejects.toThrow('the log is away');

    await conversation.tell(recorder.seen(sealed()), recorder.record);

    expect(recorder.keys).toEqual(ALL);
    expect(await everything()).toEqual(ALL.toSorted());
  });
});

describe('when Slack is in the way', () => {
  test('an outage is thrown, and the story is told in order afterwards', async () => {
    const conversation = started();
    const recorder = new Recorder();
    await slack.client.faults({ 'slack.down': true });
    await expect(conversation.tell(sealed(), recorder.record)).rejects.toThrow();

    await slack.client.faults({ 'slack.down': null });
    await conversation.tell(sealed(), recorder.record);

    expect(recorder.keys).toEqual(ALL);
    expect(await everything()).toEqual(ALL.toSorted());
  });

  test.each(ALL)('an answer that is lost after “%s” was posted does not post it twice', async (key) => {
    await using proxy = await losingAnswerTo(slack.url, key);
    const log = linesOf();
    const conversation = createConversation({
      securityChannel: null,
      checkpoint: () => CHECKPOINT,
      ...apiOf(slack),
      apiUrl: `${proxy.url}/api/`,
      workflows: WORKFLOWS,
      logger: log.logger,
    });
    const recorder = new Recorder();
    await expect(conversation.tell(sealed(), recorder.record)).rejects.toThrow();

    await conversation.tell(recorder.seen(sealed()), recorder.record);

    expect(recorder.keys).toEqual(ALL);
    expect(await everything()).toEqual(ALL.toSorted());
  });

  test('a rate limit is waited for', async () => {
    await slack.client.faults({ 'slack.rateLimit': { method: 'chat.postMessage', count: 1, retryAfter: 1 } });
    const recorder = new Recorder();

    await started().tell(new Story().request, recorder.record);

    expect(recorder.keys).toEqual(['card']);
  });

  test('a channel that is gone is logged and thrown', async () => {
    await slack.client.channel({ id: INCIDENTS, botIsMember: false });

    await expect(started().tell(new Story().request, new Recorder().record)).rejects.toThrow(
      'not_in_channel',
    );

    expect(lines).toContainEqual({
      level: 'warn',
      fields: { request: REQUEST, reason: 'not_in_channel' },
      text: 'slack could not be told',
    });
  });

  test('a card that somebody removed does not keep the rest from being told', async () => {
    const conversation = started();
    const recorder = new Recorder();
    const story = new Story();
    await conversation.tell(story.request, recorder.record);
    await slack.web.chat.delete({ channel: INCIDENTS, ts: recorder.posted[0]!.ts });

    await conversation.tell(recorder.seen(story.rotated().sealed().request), recorder.record);

    expect(recorder.keys).toEqual(ALL);
    expect((await messages()).map(keyOf)).toEqual(['approved:1', 'open', 'closed', 'rotated', 'sealed']);
  });

  test('a message that only looks like ours is not taken for ours', async () => {
    await slack.client.say('U0JONAS001', INCIDENTS, `Break-glass: ${REQUEST} approved by ${JONAS.name}`);
    const recorder = new Recorder();

    await started().tell(new Story().request, recorder.record);

    expect((await messages()).map(({ ts }) => ts)).toEqual(recorder.posted.map(({ ts }) => ts));
  });
});
