import { describe, expect, test } from '@jest/globals';

import type { Request } from '../../../src/domain/request.ts';
import type { Workflow } from '../../../src/domain/workflow.ts';
import { checkMessageBlocks, checkUpdatedText } from '../../../src/sandbox/slack/limits/messages.ts';
import { readExtension } from '../../../src/slack/messages/buttons.ts';
import { card, digest } from '../../../src/slack/messages/card.ts';
import { foreignMarkup, HOSTILE, pinged } from './hostile.ts';
import { allText, asked, JONAS, markupIn, person, REQUEST, STORIES, Story, WORKFLOW } from './support.ts';

const draw = (request: Request, workflow: Workflow | undefined = WORKFLOW) => card(request, workflow);
const stateOf = (request: Request): string => {
  const [, state] = draw(request).blocks;
  return state?.type === 'section' ? (state.text?.text ?? '') : '';
};
const buttonsOf = (request: Request, workflow = WORKFLOW): { text: string; value: string }[] =>
  draw(request, workflow).blocks.flatMap((block) =>
    block.type === 'actions'
      ? block.elements.flatMap((element) =>
          element.type === 'button' ? [{ text: element.text.text, value: element.value ?? '' }] : [],
        )
      : [],
  );

const everywhere = (text: string) => ({
  reason: text,
  workflow: { name: 'w', title: text, hash: 'a' },
  requester: person('U0MAYA0001', text),
  source: { address: '203.0.113.7/32', name: text },
  incident: { ...asked().incident, title: text, status: text },
});

describe.each(Object.entries(STORIES))('the card of a request that is %s', (_, tell) => {
  test.each(HOSTILE)('shows %j as text, wherever it stands', (text) => {
    const { blocks, text: fallback } = draw(tell(everywhere(text)));

    for (const markup of [...markupIn(blocks), fallback]) expect(foreignMarkup(markup)).toEqual([]);
    expect(pinged(fallback)).toEqual([]);
    const allowed = ['@U0MAYA0001', '@U0JONAS001', '!subteam^S0SRELEADS', '@U024BE7LH'];
    expect(
      markupIn(blocks)
        .flatMap(pinged)
        .filter((who) => !allowed.includes(who) && who !== '!date'),
    ).toEqual([]);
  });

  test.each(['&', '<', '🔓', '*'])('fits Slack’s limits with 3,000 times %s', (character) => {
    const { blocks, text } = draw(tell(everywhere(character.repeat(3_000))));

    expect(() => checkMessageBlocks(blocks)).not.toThrow();
    expect(() => checkUpdatedText(text)).not.toThrow();
  });

  test('reads its markup literally', () => {
    const texts = draw(tell()).blocks.flatMap((block) =>
      block.type === 'section' ? [block.text, ...(block.fields ?? [])] : [],
    );

    expect(texts.filter((text) => text?.type === 'mrkdwn' && text.verbatim !== true)).toEqual([]);
  });
});

describe('the card', () => {
  test('shows everything an approver decides on', () => {
    const shown = allText(draw(new Story().request).blocks);

    for (const fact of [
      'Payments admin console',
      '<@U0MAYA0001>',
      'port 8443 to `203.0.113.7`',
      '30 min',
      '<https://example.pagerduty.com/incidents/PINC0042|Payments: settlement queue stuck>',
      'Settlement queue is stuck, need the console',
      '0 of 1',
      REQUEST,
    ])
      expect(shown).toContain(fact);
  });

  test('begins with who asks, so that nobody else is taken for them', () => {
    const mentions = pinged(allText(draw(new Story().request).blocks));

    expect(mentions.filter((who) => who !== '!date')[0]).toBe('@U0MAYA0001');
  });

  test('shows all of a reason of 3,000 ampersands', () => {
    const shown = allText(draw(new Story({ reason: '&'.repeat(3_000) }).request).blocks);

    expect(shown.match(/&(?!amp;)/g)).toHaveLength(3_000);
  });

  test('names approvers while their answer is awaited, and no longer', () => {
    const groups = (request: Request) => allText(draw(request).blocks).includes('<!subteam^S0SRELEADS>');

    expect(groups(new Story().request)).toBe(true);
    expect(groups(new Story().approved().request)).toBe(false);
  });

  test('names who approved', () => {
    const shown = allText(draw(new Story({ approvalsNeeded: 2 }).approved(JONAS).request).blocks);

    expect(shown).toContain('1 of 2\n<@U0JONAS001>');
  });

  test.each<[string, string[]]>([
    ['pending', ['Approve', 'Deny', 'Withdraw']],
    ['pending, one of two', ['Approve', 'Deny', 'Withdraw']],
    ['approved', ['Withdraw', 'Stop']],
    ['opening', ['I’m done', 'Close now']],
    ['opening, being stopped', []],
    ['open', ['I’m done', 'Extend by 30m', 'Close now']],
    ['open, done', []],
    ['open, extension asked', ['Approve extension', 'Deny extension', 'I’m done', 'Close now']],
    ['open, extension asked, done', []],
    ['open, extension approved', ['I’m done', 'Close now']],
    ['open, extension denied', ['I’m done', 'Close now']],
    ['open, extended', ['I’m done', 'Close now']],
    ['closing, not extended', []],
    ['closing', []],
    ['closing, late', []],
    ['undoing an opening', []],
    ['closed', []],
    ['closed, kept by another', []],
    ['rotation overdue', []],
    ['rotated', []],
    ['not rotated', []],
    ['denied', []],
    ['withdrawn', []],
    ['lapsed', []],
    ['failed', []],
    ['sealed', []],
    ['sealed, extended', []],
    ['denied and sealed', []],
  ])('offers for a request that is %s: %j', (name, labels) => {
    const offered = buttonsOf(STORIES[name]!());

    expect(offered.map(({ text }) => text)).toEqual(labels);
    expect(offered.every(({ value }) => [REQUEST, `${REQUEST}/1`].includes(value))).toBe(true);
  });

  test('says open only after AWS confirmed it and while it is not proven closed', () => {
    const saying = Object.entries(STORIES).filter(([, tell]) => /\bopen\b(?! yet|ed)/i.test(stateOf(tell())));

    expect(saying.map(([name]) => name)).toEqual([
      'open',
      'open, done',
      'open, extension asked',
      'open, extension asked, done',
      'open, extension approved',
      'open, extension denied',
      'open, extended',
      'closed, kept by another',
      'failed',
    ]);
    expect(stateOf(STORIES['failed']!())).toContain('nothing is open');
  });

  test('says closed only after absence was proven', () => {
    const saying = Object.entries(STORIES).filter(([, tell]) =>
      /(?<!proven )\bclosed\b/i.test(stateOf(tell())),
    );

    expect(saying.map(([name]) => name)).toEqual([
      'open, done',
      'open, extension asked, done',
      'closed',
      'rotation overdue',
      'rotated',
      'not rotated',
      'sealed',
      'sealed, extended',
    ]);
    expect(stateOf(STORIES['open, done']!())).toContain('Still OPEN');
  });

  test('says each state in words and with a symbol', () => {
    for (const tell of Object.values(STORIES))
      expect(stateOf(tell())).toMatch(/^\p{Extended_Pictographic}\ufe0f? \*\w/u);
  });

  test('looks different when something changed and the same when nothing did', () => {
    const looks = Object.values(STORIES).map((tell) => digest(draw(tell())));

    expect(digest(draw(new Story().request))).toBe(digest(draw(new Story().posted('card').request)));
    // A certificate that stays, and an extension that came to nothing, are told in the thread alone.
    expect(new Set(looks).size).toBeGreaterThanOrEqual(looks.length - 3);
  });

  test('offers a later end only where the workflow it was approved under allows one more', () => {
    const labels = (workflow: Workflow | undefined, request = STORIES['open']!()) =>
      buttonsOf(request, workflow).map(({ text }) => text);
    const extend = (times: number) => ({
      ...WORKFLOW,
      duration: { ...WORKFLOW.duration, extend: { bySeconds: 5_400, times } },
    });
    const once = STORIES['open, extended']!();

    expect(labels(extend(1))).toContain('Extend by 90m');
    expect(labels({ ...WORKFLOW, hash: 'f'.repeat(64) })).toEqual(['I’m done', 'Close now']);
    expect(labels({ ...WORKFLOW, duration: { ...WORKFLOW.duration, extend: null } })).not.toContain('Extend');
    expect(labels(extend(1), once)).toEqual(['I’m done', 'Close now']);
    expect(buttonsOf(once, extend(2))).toContainEqual({ text: 'Extend by 90m', value: `${REQUEST}/2` });
  });

  test('asks for an extension with both ends on it, and names who can approve it', () => {
    const shown = allText(draw(STORIES['open, extension asked']!()).blocks);

    expect(shown).toContain('🔓 *OPEN* until <!date^1772368260^');
    expect(shown).toContain('*Extension asked for*: until <!date^1772370060^');
    expect(shown).toContain('(0 of 1)\n*Can approve* <!subteam^S0SRELEADS> <@U024BE7LH>');
  });

  test('says the later end only once it is in effect', () => {
    const approved = STORIES['open, extension approved']!();
    const extended = STORIES['open, extended']!();

    expect(stateOf(approved)).toContain('*OPEN* until <!date^1772368260^');
    expect(allText(draw(approved).blocks)).toContain('*Extension approved*, not in effect yet');
    expect(stateOf(extended)).toContain('*OPEN* until <!date^1772370060^');
    expect(allText(draw(extended).blocks)).toMatch(/\*Extended\*\nuntil .* approved by <@U0JONAS001>/);
    expect(allText(draw(STORIES['sealed, extended']!()).blocks)).toContain('*Extended*');
  });

  test('says who denied an extension', () => {
    const shown = allText(draw(STORIES['open, extension denied']!()).blocks);

    expect(shown).toContain('*Extension denied* by Priya Raman');
  });

  test.each([
    ['bg-0123456789/1', { request: 'bg-0123456789', extension: 1 }],
    ['bg-0123456789/12', { request: 'bg-0123456789', extension: 12 }],
    ['bg-0123456789', { request: 'bg-0123456789', extension: 0 }],
    ['bg-0123456789/x', { request: 'bg-0123456789', extension: 0 }],
    ['bg-0123456789/100', { request: 'bg-0123456789', extension: 0 }],
    ['', { request: '', extension: 0 }],
  ])('reads of a button that carried %j which ask it means', (value, meant) => {
    expect(readExtension(value)).toEqual(meant);
  });

  test('needs no workflow file to be drawn', () => {
    const shown = allText(card(new Story().request, undefined).blocks);

    expect(shown).toContain('<@U0MAYA0001>');
    expect(shown).not.toContain('Can approve');
  });
});
