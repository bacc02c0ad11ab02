import { describe, expect, test } from '@jest/globals';

import { checkMessageBlocks } from '../../../src/sandbox/slack/limits/messages.ts';
import type { Request } from '../../../src/domain/request.ts';
import { notes as notesOf } from '../../../src/slack/messages/thread.ts';
import { foreignMarkup, HOSTILE, pinged } from './hostile.ts';
import {
  allText,
  asked,
  CHECKPOINT,
  JONAS,
  markupIn,
  MAYA,
  person,
  PRIYA,
  REQUEST,
  STORIES,
  Story,
  WORKFLOW,
} from './support.ts';

const notes = (request: Request) => notesOf(request, WORKFLOW, CHECKPOINT);
const keys = (request: Request) => notes(request).map(({ key }) => key);
const textOf = (request: Request, key: string) => {
  const found = notes(request).find((note) => note.key === key);
  if (found === undefined) throw new Error(`no note ${key}`);
  return found.rendered.text;
};

describe('the thread of a request', () => {
  test.each<[string, string[]]>([
    ['pending', []],
    ['pending, one of two', ['approved:1']],
    ['approved', ['approved:1']],
    ['opening', ['approved:1']],
    ['opening, being stopped', ['approved:1', 'close-asked']],
    ['open', ['approved:1', 'open']],
    ['open, done', ['approved:1', 'open', 'close-asked']],
    ['open, extension asked', ['approved:1', 'open', 'extension:1']],
    ['open, extension asked, done', ['approved:1', 'open', 'extension:1', 'close-asked']],
    ['open, extension approved', ['approved:1', 'open', 'extension:1', 'extension:1:approved:1']],
    ['open, extension denied', ['approved:1', 'open', 'extension:1', 'extension:1:denied']],
    [
      'open, extended',
      ['approved:1', 'open', 'extension:1', 'extension:1:approved:1', 'extension:1:extended'],
    ],
    ['closing, not extended', ['approved:1', 'open', 'extension:1', 'extension:1:lapsed']],
    ['closing', ['approved:1', 'open']],
    ['closing, late', ['approved:1', 'open', 'late', 'late:security']],
    ['undoing an opening', ['approved:1']],
    ['closed', ['approved:1', 'open', 'closed']],
    ['closed, kept by another', ['approved:1', 'open', 'closed']],
    ['rotation overdue', ['approved:1', 'open', 'closed', 'rotation-late', 'rotation-late:security']],
    ['rotated', ['approved:1', 'open', 'closed', 'rotated']],
    ['not rotated', ['approved:1', 'open', 'closed', 'rotated']],
    ['denied', ['denied']],
    ['withdrawn', ['withdrawn']],
    ['lapsed', ['lapsed']],
    ['failed', ['approved:1', 'failed']],
    ['sealed', ['approved:1', 'open', 'closed', 'rotated', 'audit', 'sealed']],
    [
      'sealed, extended',
      [
        'approved:1',
        'open',
        'extension:1',
        'extension:1:approved:1',
        'extension:1:extended',
        'closed',
        'rotated',
        'audit',
        'sealed',
      ],
    ],
    ['denied and sealed', ['denied', 'audit', 'sealed']],
  ])('that is %s tells %j, in this order', (name, expected) => {
    expect(keys(STORIES[name]!())).toEqual(expected);
  });

  test.each([
    [['pending', 'approved', 'opening', 'open', 'closing', 'closed', 'rotated', 'sealed']],
    [['open', 'open, extension asked', 'open, extension denied']],
    [['open', 'open, extension asked', 'open, extension approved', 'open, extended', 'sealed, extended']],
    [['open', 'open, extension asked', 'closing, not extended']],
  ])('never takes back what it told: each of %j begins like the one before', (path) => {
    const told = path.map((name) => keys(STORIES[name]!()));

    for (const [step, now] of told.entries())
      expect(now.slice(0, told[step - 1]?.length ?? 0)).toEqual(told[step - 1] ?? []);
  });

  test('tells a wish to stop before the opening it did not prevent', () => {
    const request = new Story().opening().next('close.requested', { by: MAYA, trigger: 'done' }).request;
    const openedAt = Date.parse(request.closeRequested!.at) + 1_000;
    const opened = { ...request, state: 'open', confirmed: { openedAt } } as unknown as Request;

    expect(keys(opened)).toEqual(['approved:1', 'close-asked', 'open']);
  });

  test('asks the approvers for an extension with both ends and both answers, until it is decided', () => {
    const noteOf = (name: string) => notes(STORIES[name]!()).find(({ key }) => key === 'extension:1')!;
    const waiting = noteOf('open, extension asked');

    expect(waiting.rendered.text).toMatch(
      /Maya Okafor asks for an extension, until <!date\^1772370060.* instead of <!date\^1772368260.*\(0 of 1\)\n\*Can approve\* <!subteam\^S0SRELEADS>/,
    );
    expect(JSON.stringify(waiting.rendered.blocks)).toContain(`"value":"${REQUEST}/1"`);
    for (const name of ['open, extension approved', 'open, extension denied', 'closing, not extended']) {
      const { rendered, live } = noteOf(name);
      expect([
        JSON.stringify(rendered).includes('button'),
        pinged(rendered.text).includes('!subteam'),
      ]).toEqual([false, false]);
      expect(live).toBe(true);
    }
  });

  test('tells of each extension until when it goes, who approved it, and when a second one began', () => {
    const twice = new Story().open().extending().longer().extended().extending().longer().extended().request;

    expect(textOf(twice, 'extension:1:approved:1')).toMatch(/Extension approved by Jonas Lind .*\(1 of 1\)/);
    expect(textOf(twice, 'extension:1:extended')).toMatch(
      /approved by Jonas Lind. Due to close <!date\^1772370060/,
    );
    expect(textOf(twice, 'extension:2')).toMatch(/until <!date\^1772371860.* instead of <!date\^1772370060/);
    expect(textOf(twice, 'extension:2:extended')).toContain('<!date^1772371860');
  });

  test('tells why a window was not extended', () => {
    const approved = new Story()
      .open()
      .extending()
      .longer()
      .next('close.intended', { trigger: 'deadline', worker: 'w1' }).request;

    expect(textOf(STORIES['open, extension denied']!(), 'extension:1:denied')).toMatch(
      /Priya Raman denied the extension. Due to close <!date\^1772368260/,
    );
    expect(textOf(STORIES['closing, not extended']!(), 'extension:1:lapsed')).toContain(
      'before it was approved',
    );
    expect(textOf(approved, 'extension:1:lapsed')).toContain('before what was approved could be carried out');
  });

  test('tells the requester when somebody else ends it, and not when they do it themselves', () => {
    const by = (who: typeof MAYA) =>
      new Story().open().next('close.requested', { by: who, trigger: 'revoked' }).request;
    const stopped = new Story().approved().next('request.withdrawn', { by: JONAS }).request;

    expect(pinged(textOf(by(JONAS), 'close-asked'))).toEqual(['@U0MAYA0001']);
    expect(pinged(textOf(by(MAYA), 'close-asked'))).toEqual([]);
    expect(pinged(textOf(stopped, 'withdrawn'))).toEqual(['@U0MAYA0001']);
  });

  test('counts approvals', () => {
    const request = new Story({ approvalsNeeded: 2 }).approved(JONAS).approved(PRIYA).request;

    expect(textOf(request, 'approved:1')).toMatch(/Jonas Lind .*1 of 2/);
    expect(textOf(request, 'approved:2')).toMatch(/Priya Raman .*2 of 2/);
  });

  test('says until when it is open, and to whom', () => {
    const text = textOf(STORIES['open']!(), 'open');

    expect(text).toContain('to `203.0.113.7`');
    expect(text).toContain('<!date^1772368260^{date_short_pretty} {time_secs}|2026-03-01 12:31:00 UTC>');
  });

  test('says how the deadline was kept and that old connections may live on', () => {
    const text = textOf(STORIES['closed']!(), 'closed');

    expect(text).toContain('0.2 s after the deadline');
    expect(text).toContain('established before may live on');
  });

  test('does not call closed what another grant keeps open', () => {
    const text = textOf(STORIES['closed, kept by another']!(), 'closed');

    expect(text).toContain('stays open for another grant');
    expect(text).not.toMatch(/closed|refused/i);
  });

  test('shows both certificates so that they can be told apart', () => {
    const text = textOf(STORIES['rotated']!(), 'rotated');

    expect(text).toContain('Before: serial `0a:01`, SHA-256 `aa:aa:bb…dd:dd`');
    expect(text).toContain('Now: serial `0b:02`, SHA-256 `11:11:22…44:44`');
  });

  test('names the step that failed and that nothing is open', () => {
    expect(textOf(STORIES['failed']!(), 'failed')).toMatch(
      /nothing is open.*“authorize”: no room for a rule/,
    );
  });

  test('says of a late closing what it is, since when, where to look, and how to close it by hand', () => {
    const lines = textOf(STORIES['closing, late']!(), 'late').split('\n');
    const where = '`sg-0123456789abcdef0` (111122223333, eu-west-1)';

    expect(lines).toEqual([
      '🚨 Closing port 8443 is LATE. It is not proven closed and is being tried again and again',
      `In ${where}, overdue since <!date^1772368260^{date_short_pretty} {time_secs}|2026-03-01 12:31:00 UTC>`,
      '<https://eu-west-1.console.aws.amazon.com/vpcconsole/home?region=eu-west-1#SecurityGroup:groupId=sg-0123456789abcdef0|Look in the AWS console>, or close it by hand:',
      '`aws ec2 revoke-security-group-ingress --region eu-west-1 --group-id sg-0123456789abcdef0 --security-group-rule-ids sgr-01`',
    ]);
  });

  test('says the same of a late closing where those look who have to see to it', () => {
    const text = textOf(STORIES['closing, late']!(), 'late:security');

    expect(text).toContain(textOf(STORIES['closing, late']!(), 'late'));
    expect(text).toContain(REQUEST);
  });

  test('says of an end that was asked for since when it is late, and of an undone opening what looks for its rules', () => {
    const asked = new Story().open().next('close.requested', { by: MAYA, trigger: 'done' });
    const since = Date.parse(asked.request.closeRequested!.at) / 1_000;
    const early = asked
      .next('close.intended', { trigger: 'done', worker: 'w1' })
      .next('close.late', { text: 'late', paged: false });
    const undone = new Story()
      .opening()
      .next('close.intended', { trigger: 'undo', worker: 'w1' })
      .next('close.late', { text: 'late', paged: true });

    expect(textOf(early.request, 'late')).toContain(`overdue since <!date^${since}^`);
    expect(textOf(undone.request, 'late')).toContain(`\`npx breakglass close ${REQUEST}\``);
  });

  test('told late, a late closing is told as over', () => {
    const over = new Story().closing().next('close.late', { text: 'late' }).next('close.confirmed', {
      trigger: 'deadline',
      closedAt: 0,
      notLaterThan: false,
      latenessMs: 90_000,
      connections: 'may-live-on',
      cut: null,
      awsRequests: [],
    }).request;

    expect(textOf(STORIES['closing, late']!(), 'late')).toContain('is LATE');
    expect(textOf(over, 'late')).toBe('🚨 Closing port 8443 was late');
  });

  test('of which nobody saw the end says that it was not later than that, and not how late', () => {
    const unseen = (change = {}) => new Story().closed({ notLaterThan: true, ...change });

    expect(textOf(unseen().request, 'closed')).toMatch(
      /^🔒 \*Closed\* not later than <!date\^\d+\^[^>]*>, because its time was up\./,
    );
    const undone = new Story()
      .opening()
      .next('close.intended', { trigger: 'undo', worker: 'w1' })
      .next('close.confirmed', {
        trigger: 'undo',
        closedAt: 0,
        notLaterThan: true,
        latenessMs: -1,
        connections: 'may-live-on',
        cut: null,
        awsRequests: [],
      }).request;
    expect(textOf(undone, 'closed')).toContain('The opening was undone not later than');
    const sealed = unseen().next('rotation.skipped', { why: 'workflow-says-none' }).sealed().request;
    const audit = notes(sealed).find(({ where }) => where === 'audit');
    expect(allText(audit?.rendered.blocks)).toContain('*Closed*\nnot later than');
  });

  test('ends with where the log has it', () => {
    const text = textOf(STORIES['sealed']!(), 'sealed');

    // The sealing stands after asked, approved, intended, opened, closing, closed, two of the rotation.
    expect(text).toContain(`covers 8 records and is entry 8 of the log, leaf \`${'08'.repeat(32)}\``);
  });

  test('carries a checkpoint of the log there, as the audit channel does', () => {
    const last = notes(STORIES['sealed']!()).find(({ key }) => key === 'sealed');

    expect(allText(last?.rendered.blocks)).toContain(`\`\`\`\n${CHECKPOINT}\`\`\``);
  });

  test('reads as a sentence where Slack writes “today” for a date', () => {
    const texts = Object.values(STORIES).flatMap((tell) =>
      notes(tell()).map(({ rendered }) => rendered.text),
    );

    expect(texts.filter((text) => / at <!date\^\d+\^\{date/.test(text))).toEqual([]);
    expect(textOf(STORIES['open']!(), 'open')).toMatch(
      / at <!date\^\d+\^\{time_secs\}\|[^>]+>\. Due to close <!date/,
    );
  });

  test('pings the requester when it matters to them, approvers when they are asked, and nobody else', () => {
    const approvers = ['!subteam^S0SRELEADS', '@U024BE7LH'];
    for (const tell of Object.values(STORIES)) {
      const whom = notes(tell()).flatMap(({ key, rendered }) =>
        pinged(rendered.text).filter((who) => key !== 'extension:1' || !approvers.includes(who)),
      );

      expect(whom.filter((who) => who !== '!date' && who !== '@U0MAYA0001')).toEqual([]);
    }
  });
});

describe('the summary for the audit channel', () => {
  const audit = (request: Request) => notes(request).find(({ where }) => where === 'audit')!.rendered;

  test('says who asked for what and why, who decided, when it was open, and where the log has it', () => {
    const shown = allText(audit(STORIES['sealed']!()).blocks);

    for (const fact of [
      'Maya Okafor (U0MAYA0001)',
      'Jonas Lind (U0JONAS001)',
      'Settlement queue is stuck, need the console',
      '8443 to `203.0.113.7`',
      'sgr-01 in sg-0123456789abcdef0',
      'its time was up',
      'serial `0a:01`',
      'serial `0b:02`',
      'entry 8 of the log',
      `without its thread, which follows: \`summary/${REQUEST}/0000000000000009.html\``,
    ])
      expect(shown).toContain(fact);
  });

  test('carries a checkpoint of the log, line by line as a file would', () => {
    const shown = allText(audit(STORIES['sealed']!()).blocks);

    expect(shown).toContain(`\`\`\`\n${CHECKPOINT}\`\`\``);
  });

  test('tells every extension with who approved it', () => {
    const shown = allText(audit(STORIES['sealed, extended']!()).blocks);

    expect(shown).toMatch(/\*Extended\*\nuntil <!date\^1772370060.*approved by Jonas Lind \(U0JONAS001\)/);
  });

  test('of something denied says who denied it and that it was never open', () => {
    const shown = allText(audit(STORIES['denied and sealed']!()).blocks);

    expect(shown).toContain('*Opened*\nnever');
    expect(shown).toContain('*Ended by*\nJonas Lind');
  });
});

describe.each([
  'open',
  'open, extension asked',
  'closing, late',
  'failed',
  'sealed',
  'sealed, extended',
  'denied and sealed',
])('every note of a request that is %s', (name) => {
  test.each(HOSTILE)('shows %j as text', (text) => {
    const hostile = {
      reason: text,
      workflow: { name: 'w', title: text, hash: 'a' },
      requester: person('U0MAYA0001', text),
      source: { address: '203.0.113.7/32', name: text },
      incident: { ...asked().incident, title: text },
    };

    const rendered = notes(STORIES[name]!(hostile)).map((note) => note.rendered);

    for (const { text: fallback, blocks } of rendered)
      for (const markup of [fallback, ...markupIn(blocks)]) expect(foreignMarkup(markup)).toEqual([]);
  });

  test('fits Slack’s limits with a reason of 3,000 ampersands', () => {
    const all = notes(STORIES[name]!({ reason: '&'.repeat(3_000) }));

    for (const { rendered } of all) expect(() => checkMessageBlocks(rendered.blocks)).not.toThrow();
  });
});
