import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { on, SandboxTimeoutError } from '../../../src/sandbox/client.ts';
import { INCIDENTS, type LocalSlack, MAYA, startLocalSlack } from './support.ts';

let slack: LocalSlack;

beforeAll(async () => {
  slack = await startLocalSlack({ verify: async () => ({ records: 3, held: true }) });
});

afterAll(async () => {
  await slack[Symbol.asyncDispose]();
});

/** fetch forbids Host and Origin; a browser under somebody else's control, or curl, does not. */
function raw(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string },
): Promise<{ status: number; body: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${slack.url}${path}`, options, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += String(chunk)));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
      );
    });
    request.on('error', reject);
    request.end(options.body);
  });
}

describe('who may call', () => {
  test('a name that is not this machine’s is refused, so that DNS rebinding reads nothing', async () => {
    const answer = await raw('/_sandbox/state', { headers: { host: 'rebound.example:4400' } });

    expect(answer.status).toBe(403);
  });

  test.each(['https://attacker.example', 'null', 'http://127.0.0.1:1'])(
    'a page of %s is refused',
    async (origin) => {
      const answer = await raw('/_sandbox/reset', { method: 'POST', headers: { origin } });

      expect(answer.status).toBe(403);
    },
  );

  test('the own page is served and may call', async () => {
    const answer = await raw('/_sandbox/slack/history', {
      method: 'POST',
      headers: { origin: slack.url, 'content-type': 'application/json' },
      body: JSON.stringify({ channel: INCIDENTS, as: MAYA }),
    });

    expect(answer).toMatchObject({ status: 200, body: '{"messages":[]}' });
  });
});

describe('controls', () => {
  test('a mistake is answered with what to change', async () => {
    await expect(
      slack.client.control('slack/command', { user: 'U0NOBODY', channel: INCIDENTS }),
    ).rejects.toMatchObject({
      status: 400,
      message: 'there is no person U0NOBODY',
    });
    await expect(slack.client.history(INCIDENTS, 'U0MAYA0001', '1.000001')).rejects.toMatchObject({
      status: 400,
      message: 'there is no message 1.000001 in incidents',
    });
  });

  test.each([
    ['POST', '/_sandbox/slack/toString', 404],
    ['POST', '/_sandbox/nothing/at-all', 404],
    ['GET', '/_sandbox/slack/command', 405],
  ])('%s %s is answered with %i', async (method, path, status) => {
    expect((await raw(path, { method })).status).toBe(status);
  });

  test('a body that is no JSON object is refused', async () => {
    expect(await raw('/_sandbox/faults', { method: 'POST', body: '[1' })).toMatchObject({ status: 400 });
    expect(await raw('/_sandbox/faults', { method: 'POST', body: '[1]' })).toMatchObject({ status: 400 });
  });

  test('verify answers what the verifier says', async () => {
    expect(await slack.client.verify()).toEqual({ records: 3, held: true });
  });

  test('without a verifier it says so', async () => {
    await using other = await startLocalSlack();

    await expect(other.client.verify()).rejects.toThrow('without a verifier');
  });

  test('what is posted to the page hook is listed and told', async () => {
    await using watch = await slack.client.watch();

    await fetch(`${slack.url}/page-hook`, { method: 'POST', body: JSON.stringify({ text: 'late' }) });

    expect(await watch.until(on('page-hook'))).toMatchObject({ data: { body: { text: 'late' } } });
    expect(await slack.client.pageHooks()).toMatchObject([{ body: { text: 'late' } }]);
  });
});

describe('the event stream', () => {
  test('begins with the whole state and goes on with what happens', async () => {
    const seen: string[] = [];
    const abort = new AbortController();

    for await (const event of slack.client.events(abort.signal)) {
      seen.push(event.type);
      if (event.type === 'hello') await slack.client.say(MAYA, INCIDENTS, 'hello');
      if (event.type === 'slack.message') abort.abort();
    }

    expect(seen.slice(0, 2)).toEqual(['hello', 'slack.message']);
  });

  test('faults are told', async () => {
    await using watch = await slack.client.watch();

    await slack.client.faults({ 'slack.latencyMs': 1 });
    await slack.client.faults({ 'slack.latencyMs': null });

    expect(await watch.until(on('faults'))).toMatchObject({ data: { 'slack.latencyMs': 1 } });
  });

  test('waiting for what never happens ends with an error', async () => {
    await expect(slack.client.until(() => false, 50)).rejects.toBeInstanceOf(SandboxTimeoutError);
  });
});

describe('the page', () => {
  test('is served with a policy that lets nothing else in', async () => {
    const page = await raw('/', {});

    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': expect.stringMatching(/^default-src 'self'/),
      'cache-control': 'no-store',
    });
  });

  test.each(['/../part.ts', '/%2e%2e/part.ts', '/..%2fpart.ts', '/none.js', '/%00.js', '/%zz.js'])(
    '%s leads nowhere',
    async (path) => {
      expect((await raw(path, {})).status).toBe(404);
    },
  );
});
