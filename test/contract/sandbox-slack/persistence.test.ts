import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startReceiver } from './receiver.ts';
import { INCIDENTS, JONAS, MAYA, startLocalSlack } from './support.ts';

let stateDir: string;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'bg-slack-'));
});

afterEach(async () => {
  await rm(stateDir, { recursive: true, force: true });
});

test('messages, ephemerals, modals, people and deliveries are there after a restart', async () => {
  let viewId = '';
  let ts = '';
  {
    await using slack = await startLocalSlack({ stateDir });
    await using app = await startReceiver(slack);
    ts = (await slack.web.chat.postMessage({ channel: INCIDENTS, text: 'kept' })).ts ?? '';
    await slack.web.chat.postEphemeral({ channel: INCIDENTS, user: MAYA, text: 'kept for Maya' });
    await slack.client.person({ id: JONAS, deleted: true });
    await slack.client.command(MAYA, INCIDENTS, '/breakglass');
    const command = app.received.find(({ payload }) => payload['command'] === '/breakglass');
    const opened = await slack.web.views.open({
      trigger_id: String(command?.payload['trigger_id']),
      view: { type: 'modal', title: { type: 'plain_text', text: 'Ask' }, blocks: [{ type: 'divider' }] },
    });
    viewId = opened.view?.id ?? '';
  }

  await using slack = await startLocalSlack({ stateDir });
  const { slack: state } = await slack.client.state();
  const next = await slack.web.chat.postMessage({ channel: INCIDENTS, text: 'after' });

  expect((await slack.client.history(INCIDENTS, MAYA)).map((message) => message.text)).toEqual([
    'kept',
    'kept for Maya',
    'after',
  ]);
  expect(Number(next.ts)).toBeGreaterThan(Number(ts));
  expect(state.views[MAYA]?.id).toBe(viewId);
  expect(state.people.find((person) => person.id === JONAS)?.deleted).toBe(true);
  expect((await slack.client.deliveries()).map((delivery) => delivery.type)).toContain('slash_command');
});

test('reset brings the seeded world back, also on disk', async () => {
  {
    await using slack = await startLocalSlack({ stateDir });
    await slack.web.chat.postMessage({ channel: INCIDENTS, text: 'forgotten' });
    await slack.client.reset();
  }

  await using slack = await startLocalSlack({ stateDir });

  expect(await slack.client.history(INCIDENTS, MAYA)).toEqual([]);
});
