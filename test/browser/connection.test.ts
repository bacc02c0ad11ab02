import { expect, test } from '@jest/globals';
import { askingView, fromApp, INCIDENTS, MAYA, probe } from './support/scenes.ts';
import { stages } from './support/stage.ts';

const stage = stages();

test('a lost connection is said in words, comes back by itself and catches up', async () => {
  await using at = await stage();
  probe(at.front, false);
  await at.page.locator('#tile-port[data-state=closed]').waitFor();

  at.front.cutStreams({ refusing: true });
  await at.page.getByText('Connection lost, reconnecting…').waitFor();
  const meanwhile = [
    await at.page.locator('#port-detail').innerText(),
    await at.page.locator('#connection').innerText(),
  ];
  at.front.say(INCIDENTS, fromApp(at.front, 'Said while you were away'));
  at.front.accept();
  await at.page.getByText('Said while you were away').waitFor();

  expect(meanwhile).toEqual(['reconnecting to the sandbox…', expect.stringContaining('Reconnecting…')]);
  expect(await at.page.getByText('Connection lost, reconnecting…').isVisible()).toBe(false);
  expect(await at.page.locator('#connection').innerText()).toContain('Live');
});

test('what is typed in a modal and in the composer outlives a reconnect', async () => {
  await using at = await stage();
  await at.page.locator('#composer textarea').fill('half a sentence');
  at.front.showView(MAYA, askingView());
  await at.page.getByRole('textbox', { name: 'Reason' }).fill('Half a reason');

  at.front.cutStreams({ refusing: false });
  await at.page.locator('#connection[data-state=down]').waitFor();
  await at.page.locator('#connection[data-state=up]').waitFor();

  expect(await at.page.getByRole('textbox', { name: 'Reason' }).inputValue()).toBe('Half a reason');
  expect(await at.page.locator('#composer textarea').inputValue()).toBe('half a sentence');
});

test('a reset world is shown as it is: messages and log are gone', async () => {
  await using at = await stage();
  at.front.say(INCIDENTS, fromApp(at.front, 'Before the reset'));
  at.front.append({ type: 'request.asked', at: new Date().toISOString(), request: 'r' });
  await at.page.getByText('1 record', { exact: true }).waitFor();

  at.front.state.messages = {};
  at.front.state.log.objects = {};
  at.front.state.hello.aws.buckets = [{ name: at.front.state.bucket, objects: [] }];
  at.front.emit('hello', at.front.state.hello);
  await at.page.getByText('Before the reset').waitFor({ state: 'detached' });

  expect(await at.page.locator('#log-count').innerText()).toBe('0 records');
  expect(await at.page.locator('#timeline-title').innerText()).toBe('No request yet');
});

test('skip links and F6 reach every pane, and “?” explains the keys', async () => {
  await using at = await stage();
  const pane = () => at.page.locator('[data-pane]:focus-within').getAttribute('class');
  await at.page.keyboard.press('Tab');
  const first = await at.page.locator(':focus').textContent();

  await at.page.keyboard.press('F6');
  const panes = [await pane()];
  await at.page.keyboard.press('F6');
  panes.push(await pane());
  await at.page.keyboard.press('F6');
  panes.push(await pane());
  await at.page.locator('#messages').focus();
  await at.page.keyboard.press('?');
  await at.page.getByRole('dialog', { name: 'Keyboard' }).waitFor();

  expect(first).toBe('Skip to messages');
  expect(panes).toEqual(['sidebar', 'channel-pane', 'outside']);
});
