import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fromApp, INCIDENTS, plain } from './support/scenes.ts';
import { stages } from './support/stage.ts';

const stage = stages();

describe('mrkdwn', () => {
  let shared: Awaited<ReturnType<typeof stage>>;
  beforeAll(async () => {
    shared = await stage();
  });
  afterAll(async () => shared[Symbol.asyncDispose]());

  /** Shows `text` as mrkdwn and answers the markup that came of it. */
  async function drawn(text: string): Promise<string> {
    const message = fromApp(shared.front, text);
    shared.front.say(INCIDENTS, message);
    const markup = await shared.page.locator(`[data-ts="${message.ts}"] .prose`).innerHTML();
    return markup.replaceAll(/<span class="visually-hidden">[^<]*<\/span>/g, '');
  }

  test.each([
    ['*bold* _it_ ~gone~', '<strong>bold</strong> <em>it</em> <s>gone</s>'],
    ['*bold and _both_*', '<strong>bold and <em>both</em></strong>'],
    ['2*3*4 and snake_case_name', '2*3*4 and snake_case_name'],
    ['`*not bold*`', '<code>*not bold*</code>'],
    ['```\nline <1>\n```', '<pre><code>line &lt;1&gt;</code></pre>'],
    ['&gt; said\n&gt; so\nthen', '<blockquote>said<br>so</blockquote>then'],
    ['&lt;b&gt; &amp;amp;', '&lt;b&gt; &amp;amp;'],
    [
      '<@U0MAYA0001> in <#C0INCIDENT>',
      '<span class="mention">@Maya Okafor</span> in <span class="mention">#incidents</span>',
    ],
    ['<!subteam^S0ONCALL>', '<span class="mention">@oncall</span>'],
    [':lock: :no_such_thing:', '🔒 :no_such_thing:'],
    ['<!date^x^{time}|noon>', 'noon'],
  ])('%s', async (text, markup) => {
    expect(await drawn(text)).toContain(markup);
  });

  test('links lead only where a browser should go', async () => {
    const markup = await drawn(
      '<https://example.com/a?b=1&amp;c=2|there> <javascript:alert(1)|here> https://example.com.',
    );

    expect(markup).toContain(
      '<a href="https://example.com/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer">there</a>',
    );
    expect(markup).toContain('<span>here</span>');
    expect(markup).toContain('>https://example.com</a>.');
    expect(markup).not.toContain('javascript:');
  });

  test('a date stands in the reader’s own time', async () => {
    await using at = await stage({ timezoneId: 'Asia/Kolkata' }, (front) =>
      front.say(INCIDENTS, fromApp(front, 'until <!date^1763784000^{date_num} {time_secs}|later>')),
    );

    await at.page.getByText('until 2025-11-22 09:30:00').waitFor();

    expect(await at.page.locator('.prose time').getAttribute('datetime')).toBe('2025-11-22T04:00:00.000Z');
  });

  test('what a person typed can be neither markup nor, in plain_text, formatting', async () => {
    const evil = '<img src=x onerror=alert(1)>*not bold* <@U0MAYA0001>';
    await using at = await stage({}, (front) =>
      front.say(INCIDENTS, fromApp(front, '', [{ type: 'section', block_id: 's', text: plain(evil) }])),
    );

    await at.page.getByText(evil, { exact: true }).waitFor();

    expect(await at.page.locator('.message img, .message strong, .message .mention').count()).toBe(0);
  });
});
