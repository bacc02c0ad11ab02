import { describe, expect, test } from '@jest/globals';

import { plainText } from '../../../src/evidence/html/slack-text.ts';

const read = (text: string): string => plainText(text, (user) => (user === 'U0MAYA' ? 'Maya' : undefined));

describe('what Slack shows as markup is read as text', () => {
  test.each([
    ['an account that is known', 'ask <@U0MAYA>!', 'ask @Maya!'],
    ['one that is not', '<@U0EVE> did', '@U0EVE did'],
    ['one under another name', '<@U0EVE|maya>', '@U0EVE'],
    ['a link with a label', '<https://example.com/?a=1&amp;b=2|here>', 'here (https://example.com/?a=1&b=2)'],
    [
      'a link without one',
      '<https://example.com/> <https://example.com/|>',
      'https://example.com/ https://example.com/',
    ],
    ['a label with a bar in it', '<https://example.com/|a|b>', 'a|b (https://example.com/)'],
    ['a channel', '<#C0OPS|ops> <#C0OPS>', 'ops (#C0OPS) #C0OPS'],
    ['a call to everybody', '<!here> <!subteam^S1|@ops>', '@here @ops (!subteam^S1)'],
    ['a date', '<!date^1772366400^{date}|2026-03-01> <!date^1^{date}>', '2026-03-01 !date^1^{date}'],
    ['the three entities', 'a &lt;b&gt; &amp; c &quot;d&quot;', 'a <b> & c &quot;d&quot;'],
  ])('%s', (_, written, shown) => {
    expect(read(written)).toBe(shown);
  });
});

describe('what somebody typed does not become markup', () => {
  test.each([
    ['a mention typed by hand', '&lt;@U0MAYA&gt;', '<@U0MAYA>'],
    ['an entity typed by hand', '&amp;lt;b&amp;gt; &amp;amp;', '&lt;b&gt; &amp;'],
    ['a mark made of two', '<@U0MA<@U0EVE>YA>', '<@U0MA@U0EVEYA>'],
    [
      'a mark within a label',
      '<https://a.example|<https://b.example|b>>',
      '<https://a.example|b (https://b.example)>',
    ],
    ['what is not closed', 'a < b <@U0MAYA', 'a < b <@U0MAYA'],
    ['what was not opened', 'b > a', 'b > a'],
    ['nothing', '<> <|x> <', '<> <|x> <'],
    ['a property of every object', '<@constructor> <__proto__>', '@constructor __proto__'],
    ['characters that turn or control', '<@U0MAYA\u202e> \u0007', '@U0MAYA\u202e \u0007'],
    ['a line end within a mark', '<https://a.example|two\nlines>', 'two\nlines (https://a.example)'],
  ])('%s', (_, written, shown) => {
    expect(read(written)).toBe(shown);
  });

  test('and is read once, however many marks it opens', () => {
    const opened = '<'.repeat(100_000);
    const started = process.cpuUsage();

    expect(read(opened)).toBe(opened);

    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
  });
});
