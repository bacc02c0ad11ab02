import { describe, expect, test } from '@jest/globals';

import { asTyped, cut, inline, link } from '../../../src/slack/messages/escape.ts';
import { quoted } from '../../../src/slack/messages/blocks.ts';
import { foreignMarkup, HOSTILE, pinged } from './hostile.ts';
import { allText } from './support.ts';

describe('somebody’s text on a line of ours', () => {
  test.each(HOSTILE)('%j pings nobody, links nowhere and formats nothing', (text) => {
    const shown = inline(text);

    expect(foreignMarkup(shown)).toEqual([]);
    expect(pinged(shown)).toEqual([]);
    expect(shown).not.toMatch(/[*_~`|\n\r\u2028\u202a-\u202e\u2066-\u2069]/);
    expect(shown).not.toMatch(/:[\w+-]+:/);
  });

  test('ordinary text stays as it is', () => {
    expect(inline('Maya Okafor (on call), 12 % done at 12:30')).toBe(
      'Maya Okafor (on call), 12 % done at 12:30',
    );
  });

  test('is cut to its length in characters, not in halves of one', () => {
    expect(cut('🔓🔓🔓🔓', 3)).toBe('🔓🔓…');
    expect(cut('🔓🔓🔓', 3)).toBe('🔓🔓🔓');
  });
});

describe('a link', () => {
  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'slack://user',
    'not a link',
    `https://example.com/${'a'.repeat(1_000)}`,
  ])('to %s is none, and its label stays', (url) => {
    expect(link(url, 'the incident')).toBe('the incident');
  });

  test.each([
    'https://example.com/a|b>c',
    'https://example.com/<!channel>',
    'https://example.com/?a=1&b=<2>',
  ])('to %s does not end its own markup', (url) => {
    const shown = link(url, 'label | > <!here>');

    expect(
      shown.match(/^<https:\/\/example\.com\/[^|<>]*\|label \u2223 &gt; &lt;!here&gt;>$/),
    ).not.toBeNull();
  });
});

describe('somebody’s text in a quote', () => {
  test.each(HOSTILE)('%j is read as plain text only, each line behind a bar', (text) => {
    const blocks = quoted(text);

    expect(blocks.every((block) => block.type === 'section' && block.text?.type === 'plain_text')).toBe(true);
    expect(
      allText(blocks)
        .split('\n')
        .every((line) => line.startsWith('▏ ')),
    ).toBe(true);
  });

  test.each([
    ['ampersands', '&'.repeat(3_000)],
    ['angle brackets', '<>'.repeat(1_500)],
    ['symbols of two halves', '🔓'.repeat(3_000)],
    ['lines of one letter', 'a\n'.repeat(1_500)],
    ['words', 'settlement '.repeat(272)],
  ])('3,000 %s are shown whole, in sections that Slack takes', (_, text) => {
    const blocks = quoted(text.trim());

    const texts = blocks.map((block) => (block.type === 'section' ? (block.text?.text ?? '') : ''));
    expect(texts.join('').replaceAll('▏ ', '')).toBe(text.trim());
    expect(Math.max(...texts.map((part) => part.replaceAll('&', '&amp;').length))).toBeLessThanOrEqual(3_000);
    expect(Math.min(...texts.map((part) => part.length))).toBeGreaterThan(0);
  });

  test('empty lines in a row cannot push the buttons off the screen', () => {
    expect(allText(quoted(`a${'\n'.repeat(2_000)}b`))).toBe('▏ a\n▏ \n▏ b');
  });

  test('what turns the reading direction or hides is made visible', () => {
    expect(asTyped('a\u202eb\u0000c')).toBe('a\ufffdb\ufffdc');
    expect(asTyped('شكرا\r\nok')).toBe('شكرا\nok');
  });
});
