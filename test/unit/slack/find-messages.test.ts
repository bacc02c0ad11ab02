import { describe, expect, test } from '@jest/globals';
import { WebClient } from '@slack/web-api';

import { inChannel, inThread, metadata } from '../../../src/slack/find-messages.ts';

const OURS = 'B0OURS';
const mark = (request: string, key: string) => ({ metadata: metadata({ request, key }) });

/** A Slack that answers these pages, one after the other. */
function over(pages: readonly (readonly object[])[]) {
  const asked: URLSearchParams[] = [];
  const fetch = (_url: unknown, init?: { body?: unknown }): Promise<Response> => {
    const form = new URLSearchParams(String(init?.body));
    const page = Number(form.get('cursor') ?? 0);
    asked.push(form);
    const next = page + 1 < pages.length ? String(page + 1) : '';
    return Promise.resolve(
      Response.json({ ok: true, messages: pages[page], response_metadata: { next_cursor: next } }),
    );
  };
  const client = new WebClient('xoxb-test', { fetch });
  return { asked, finder: { client, botId: OURS } };
}

describe('looking for messages that were posted and never recorded', () => {
  test('finds ours, by request and key', async () => {
    const { finder } = over([
      [
        { ts: '1.1', bot_id: OURS, ...mark('bg-1', 'card') },
        { ts: '1.2', bot_id: OURS, ...mark('bg-2', 'open') },
        { ts: '1.3', bot_id: OURS, ...mark('bg-1', 'open') },
        { ts: '1.4', bot_id: OURS },
      ],
    ]);

    const found = await inThread(finder, 'bg-1', 'C1', '1.1');

    expect([...found]).toEqual([
      ['card', '1.1'],
      ['open', '1.3'],
    ]);
  });

  test('takes nobody else’s message for ours, whatever it is marked as', async () => {
    const { finder } = over([
      [
        { ts: '1.1', bot_id: 'B0THEIRS', ...mark('bg-1', 'card') },
        { ts: '1.2', user: 'U0MAYA0001', ...mark('bg-1', 'closed') },
        {
          ts: '1.3',
          bot_id: OURS,
          metadata: { event_type: 'other', event_payload: { request: 'bg-1', key: 'open' } },
        },
        {
          ts: '1.4',
          bot_id: OURS,
          metadata: { event_type: 'breakglass', event_payload: { request: 'bg-1', key: 7 } },
        },
      ],
    ]);

    expect(await inThread(finder, 'bg-1', 'C1', '1.1')).toEqual(new Map());
  });

  test('reads on to the last page', async () => {
    const { finder, asked } = over([[], [], [{ ts: '3.1', bot_id: OURS, ...mark('bg-1', 'card') }]]);

    const found = await inChannel(finder, 'bg-1', 'C1', 1_772_366_100);

    expect(found.get('card')).toBe('3.1');
    expect(asked).toHaveLength(3);
    expect(asked[0]?.get('oldest')).toBe('1772366100.000000');
    expect(asked[0]?.get('include_all_metadata')).toBe('true');
  });

  test('gives up after ten pages', async () => {
    const { finder, asked } = over(Array.from({ length: 30 }, () => []));

    expect(await inChannel(finder, 'bg-1', 'C1', 0)).toEqual(new Map());
    expect(asked).toHaveLength(10);
  });
});
