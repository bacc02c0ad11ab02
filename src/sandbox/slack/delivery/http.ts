import type { JsonObject } from '../model.ts';
import { isObject } from '../normalise.ts';
import { type Answer, type Outgoing, signature } from './outgoing.ts';

export interface HttpTarget {
  requestUrl: string;
  signingSecret: string;
  /** Slack's is three seconds. */
  timeoutMs: number;
  /** Epoch milliseconds, for the timestamp that is signed. */
  now: number;
}

/** Sends one payload as Slack does in HTTP mode: a signed POST. Never throws: what went wrong is the outcome. */
export async function deliverOverHttp(outgoing: Outgoing, target: HttpTarget): Promise<Answer> {
  const { type, body } = encode(outgoing);
  const timestamp = Math.floor(target.now / 1000) - (outgoing.forge?.ageSeconds ?? 0);
  const headers: Record<string, string> = {
    'content-type': type,
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': signature(target.signingSecret, timestamp, body),
    ...(outgoing.retry && {
      'x-slack-retry-num': String(outgoing.retry.num),
      'x-slack-retry-reason': outgoing.retry.reason,
    }),
  };
  if (outgoing.forge?.signature === 'missing') delete headers['x-slack-signature'];
  if (outgoing.forge?.signature === 'bad') {
    headers['x-slack-signature'] = signature('somebody else’s secret', timestamp, body);
  }
  const signal = AbortSignal.timeout(target.timeoutMs);
  try {
    const response = await fetch(target.requestUrl, {
      method: 'POST',
      headers,
      body,
      signal,
      redirect: 'manual',
    });
    const text = await response.text();
    if (response.status !== 200) {
      const noRetry = response.headers.get('x-slack-no-retry') === '1';
      return { outcome: 'http_error', status: response.status, noRetry };
    }
    return { outcome: 'ok', status: 200, body: decode(text, response.headers.get('content-type') ?? '') };
  } catch {
    return { outcome: signal.aborted ? 'http_timeout' : 'connection_failed' };
  }
}

function encode({ kind, payload }: Outgoing): { type: string; body: string } {
  const form = 'application/x-www-form-urlencoded';
  switch (kind) {
    case 'event':
      return { type: 'application/json', body: JSON.stringify(payload) };
    case 'interactive':
      return { type: form, body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString() };
    case 'command':
      return { type: form, body: new URLSearchParams(payload as Record<string, string>).toString() };
  }
}

/** A plain text answer to a command is the text to show; no text at all is a bare acknowledgement. */
function decode(text: string, contentType: string): JsonObject | undefined {
  if (text.trim() === '') return undefined;
  if (!contentType.includes('application/json')) return { text };
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : { text };
  } catch {
    return { text };
  }
}
