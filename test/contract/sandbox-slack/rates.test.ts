import { expect, test } from '@jest/globals';
import { INCIDENTS, startLocalSlack } from './support.ts';

test('the twenty-first read of a user group within a minute is refused with Retry-After', async () => {
  await using slack = await startLocalSlack();
  const read = () =>
    fetch(`${slack.url}/api/usergroups.users.list`, {
      method: 'POST',
      headers: { authorization: 'Bearer xoxb-contract-test' },
      body: new URLSearchParams({ usergroup: 'S0ONCALL' }),
    });

  for (let call = 0; call < 20; call += 1) expect((await read()).status).toBe(200);
  const refused = await read();

  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(await refused.json()).toEqual({ ok: false, error: 'ratelimited' });
});

test('posting is limited in each channel by itself', async () => {
  await using slack = await startLocalSlack();
  const post = (channel: string) => slack.web.chat.postMessage({ channel, text: 'x' });

  for (let call = 0; call < 20; call += 1) await post(INCIDENTS);

  await expect(post(INCIDENTS)).rejects.toMatchObject({ code: 'slack_webapi_rate_limited_error' });
  await expect(post('C0AUDIT001')).resolves.toMatchObject({ ok: true });
});

test('an injected 429 comes as often as it was asked for', async () => {
  await using slack = await startLocalSlack();
  await slack.client.faults({ 'slack.rateLimit': { method: 'chat.postMessage', count: 2, retryAfter: 7 } });
  const post = () => slack.web.chat.postMessage({ channel: INCIDENTS, text: 'x' });

  await expect(post()).rejects.toMatchObject({ retryAfter: 7 });
  await expect(post()).rejects.toMatchObject({ retryAfter: 7 });
  await expect(post()).resolves.toMatchObject({ ok: true });
});

test('while Slack is down every call gets 503, gestures go nowhere, and afterwards all is as before', async () => {
  await using slack = await startLocalSlack();
  const call = () => fetch(`${slack.url}/api/api.test`, { method: 'POST' });

  await slack.client.faults({ 'slack.down': true });
  const down = await call();
  const typed = await slack.client.command('U0MAYA0001', INCIDENTS, '/breakglass');
  await slack.client.faults({ 'slack.down': null });

  expect(down.status).toBe(503);
  expect(typed).toEqual({ ok: false, text: 'Slack cannot be reached.' });
  expect((await call()).status).toBe(200);
});
