import { describe, expect, test } from '@jest/globals';

import type { RequestAsked, ThreadMessage } from '../../../src/domain/records.ts';
import { toHtml } from '../../../src/evidence/to-html.ts';
import { aPerson, aRecord, HISTORIES, ID, NOON } from '../../support/builders/records.ts';
import { aStory, ENDS, sealedStory, type Given } from './support.ts';

const HOSTILE = `</p><script>alert(1)</script><img src=x onerror="alert(1)">' & \u202e\u0007`;
const maya = aPerson('U0MAYA').identity;
const page = (...given: Given): string => toHtml(sealedStory(...given));
/** As somebody reads it: no markup, and one space where there is any. */
const textOf = (html: string): string =>
  html
    .replace(/<style>[\s\S]*<\/style>/, '')
    .replaceAll(/<\/?(?:bdi|code|em|i|a)\b[^>]*>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ');
const said = (change: Partial<ThreadMessage>): ThreadMessage => ({
  ts: '1772366410.000100',
  by: { who: 'person', identity: maya },
  text: 'restarting it now',
  edited: null,
  removedAt: null,
  ...change,
});
const threadOf = (...messages: ThreadMessage[]): string =>
  textOf(page(...ENDS['denied']!, aRecord('thread.kept', { messages })));

describe('the page of a request', () => {
  test.each([
    ['denied', 'Denied; nothing was opened'],
    ['withdrawn', 'Withdrawn; nothing was opened'],
    ['lapsed', 'Lapsed; nothing was opened'],
    ['failed', 'Could not be opened; nothing was open'],
    ['closed', 'Opened and closed'],
  ])('that was %s says so, who asked, why and about which incident', (outcome, words) => {
    const text = textOf(page(...ENDS[outcome]!));

    expect(text).toContain(words);
    expect(text).toContain('Asked by u0maya <u0maya@example.com> T0TEST/U0MAYA, 2026-03-01 12:00:00.000 UTC');
    expect(text).toContain('Settlement queue is stuck, need the console');
    expect(text).toContain('(PINC0042, triggered when it was asked)');
    expect(text).toContain('Software');
  });

  test('that was open says when exactly, how late, what became of connections and of the certificate', () => {
    const text = textOf(page(...HISTORIES.rotated));

    expect(text).toContain('Opened 2026-03-01 12:00:01.000 UTC');
    expect(text).toContain('Deadline 2026-03-01 12:15:00 UTC');
    expect(text).toContain(
      'Closed 2026-03-01 12:15:00.100 UTC, 0.10 s after the deadline, because its time was up',
    );
    expect(text).toContain('those established before may have lived on');
    expect(text).toMatch(
      /Certificate before serial 0a,.*Certificate after serial 0b,.*served by console:8443/,
    );
    expect(text).toContain('sgr-1 in sg-0123456789abcdef0');
  });

  test('names every call that changed something in AWS, and none where there was none', () => {
    const undone = aRecord('close.confirmed', { authorizeRequests: ['req-undone'] });
    const text = textOf(page(...HISTORIES.closing, undone, 'rotation.started', 'rotation.confirmed'));

    expect(text).toContain('sgr-1 in sg-0123456789abcdef0: tcp 8443 from 203.0.113.7/32, since');
    expect(text).toContain('; AWS requests req-1, switch-2');
    expect(text).toContain('; AWS requests req-undone, req-2, switch-4');
    expect(text).toContain('; AWS requests import-1');
    const failed = aRecord('open.failed', { switchRequests: [] });
    expect(textOf(page('request.asked', 'approval.given', 'open.intended', failed))).not.toContain(
      'AWS requests',
    );
  });

  test('whose end nobody saw says that it was not later than that', () => {
    const closed = aRecord('close.confirmed', { notLaterThan: true });

    const text = textOf(page(...HISTORIES.closing, closed, 'rotation.skipped'));

    expect(text).toContain('not later than 2026-03-01 12:15:00.100 UTC, nobody of ours saw when');
    expect(text).toContain('not replaced: the workflow says so');
  });

  test('closed early, or without a deadline, says that', () => {
    const early = aRecord('close.confirmed', { latenessMs: -61_500 });
    const without = aRecord('close.confirmed', { latenessMs: null });

    expect(textOf(page(...HISTORIES.closing, early, 'rotation.skipped'))).toContain(
      '61.50 s before the deadline',
    );
    expect(textOf(page(...HISTORIES.closing, without, 'rotation.skipped'))).toContain('it had no deadline');
  });

  test('that was prolonged says until when and by whom', () => {
    const text = textOf(page(...HISTORIES.granted, 'window.extended', ...HISTORIES.rotated.slice(4)));

    expect(text).toContain('Extended until 2026-03-01 12:45:00 UTC, approved by u0jonas');
  });

  test('names other versions of the workflow file that somebody decided under, and that there was none', () => {
    const other = aRecord('action.refused', { workflowHash: 'c'.repeat(64) });
    const none = aRecord('request.denied', { workflowHash: null });
    const silent = { provider: 'pagerduty', id: 'PINC0001', url: 'https://example.pagerduty.com/x' } as const;
    const unknown = aRecord('action.refused', { codes: ['incident-unknown'], incident: silent });

    const text = textOf(page('request.asked', other, unknown, none));

    expect(text).toContain(`Also decided under ${'c'.repeat(64)} without a file`);
    expect(text).toContain('approve: incident-unknown; incident PINC0001');
    expect(text).toContain('without a workflow file');
    expect(textOf(page(...ENDS['denied']!))).not.toContain('Also decided under');
  });

  test('says of an approval whether it was for what is recorded', () => {
    expect(textOf(page(...ENDS['closed']!))).toContain('was shown exactly what is listed above');
    const other = aRecord('approval.given', { shown: 'b'.repeat(64) });
    expect(textOf(page('request.asked', other, 'request.withdrawn'))).toContain(
      'was shown NOT what is listed above',
    );
  });

  test('lists every record with its index and whole leaf hash, its checkpoint and how to verify', () => {
    const html = page(...HISTORIES.rotated);
    const text = textOf(html);

    expect(html.match(/class="leaf"/g)).toHaveLength(HISTORIES.rotated.length + 1);
    expect(text).toContain(`7 2026-03-01 12:00:00.000 rotating w1`);
    expect(text).toContain('7'.padStart(64, '0'));
    expect(text).toContain('fqL78g8Xl4o0kWnE93JhbKO+k1Y8BWyZD/5ylgF9SBs=');
    expect(text).toContain(`breakglass log receipt ${ID}`);
  });

  test('says what went on inside the window, that this follows, or that the workflow does not ask for it', () => {
    const { target } = aRecord('open.intended');
    const asks = aRecord('open.intended', { target: { ...target, activity: { flowLogs: null } } });
    const observed = sealedStory('request.asked', 'approval.given', asks, ...HISTORIES.rotated.slice(3));

    expect(textOf(page(...HISTORIES.rotated))).toContain('Not known: the workflow names no flow logs');
    expect(textOf(toHtml(observed))).toContain('Not looked up yet');
    const later = aStory(...observed.records.map(({ record }) => record), 'window.observed');
    expect(textOf(toHtml(later))).toMatch(/Activity inside the window .*Calls of the AWS API/);
    expect(textOf(page(...ENDS['denied']!))).not.toContain('Activity inside the window');
  });

  test('that is not sealed yet shows its record so far', () => {
    const text = textOf(toHtml(aStory('request.asked', 'approval.given')));

    expect(text).toContain('Not sealed: this is its record so far');
    expect(text).toContain('approved u0jonas');
  });

  test('of which the beginning is missing shows what there is', () => {
    expect(textOf(toHtml(aStory('close.intended')))).toContain('Break-glass record');
  });
});

describe('the thread on the page', () => {
  test('names who is known, says what was edited, and not what a removed message said', () => {
    const text = threadOf(
      said({ edited: { at: NOON + 60_000, by: maya } }),
      said({ ts: '1772366420.000100', text: '', removedAt: NOON + 120_000 }),
      said({ by: { who: 'us', key: 'card' }, text: 'a card', edited: { at: NOON, by: null } }),
      said({ by: { who: 'app', id: 'B0OTHER' }, text: 'beep' }),
      said({ by: { who: 'person', identity: { ...maya, user: 'U0EVE' } }, text: 'hello' }),
    );

    expect(text).toContain('u0maya restarting it now (edited 2026-03-01 12:01:00.000 UTC by u0maya)');
    expect(text).toContain('removed, seen 2026-03-01 12:02:00.000 UTC');
    expect(text).toContain('breakglass a card (edited 2026-03-01 12:00:00.000 UTC)');
    expect(text).toContain('app B0OTHER beep');
    expect(text).toContain('U0EVE hello');
    expect(text).toContain('Complete.');
  });

  test('reads Slack’s escapes as people do', () => {
    expect(threadOf(said({ text: 'a &lt;b&gt; &amp;amp; <@U0EVE> <https://example.com/|here>' }))).toContain(
      'a <b> &amp; @U0EVE here (https://example.com/)',
    );
  });

  test('names whoever is mentioned and known, unless the name would turn what is around it', () => {
    const message = said({ text: 'Approved by <@U0JONAS>, asked by <@U0MAYA>' });
    const kept = aRecord('thread.kept', { messages: [message] });
    const turning = aRecord('request.asked', { requester: aPerson('U0MAYA', { name: '\u2069\u202eevil' }) });

    const html = page(turning, 'approval.given', 'request.withdrawn', kept);

    expect(threadOf(said({ text: 'by <@U0MAYA>' }))).toContain('by @u0maya');
    expect(html).toContain('<bdi class="typed">Approved by @u0jonas, asked by @U0MAYA</bdi>');
  });

  test('shows a link as text that nobody can follow', () => {
    const kept = aRecord('thread.kept', {
      messages: [
        said({ text: '<javascript:alert(1)|<b>here</b>> &lt;img src=x&gt; <https://evil.example|ok>' }),
      ],
    });

    const html = page(...ENDS['denied']!, kept);

    expect(html).not.toMatch(/<img|href="(?:javascript|https:\/\/evil)/);
    expect(html).toContain('&lt;img src=x&gt; ok (https://evil.example)</bdi>');
  });

  test('says when it is not complete, and when it has not been kept', () => {
    const cut = aRecord('thread.kept', { complete: false, omitted: 3, problem: 'too long' });
    const none = aRecord('thread.kept', { complete: false, problem: null });

    expect(textOf(page(...ENDS['denied']!, cut))).toContain(
      'NOT COMPLETE: too long. 3 more messages were left out.',
    );
    expect(textOf(page(...ENDS['denied']!, none))).toContain('NOT COMPLETE: nobody knows why.');
    expect(textOf(page(...ENDS['denied']!))).toContain('Not kept so far');
  });
});

describe('whatever people typed', () => {
  const hostile: Partial<RequestAsked> = {
    reason: HOSTILE,
    requester: aPerson('U0MAYA', { name: HOSTILE, email: HOSTILE }),
    source: { address: '203.0.113.7/32', name: HOSTILE },
    incident: { ...aRecord('request.asked').incident, title: HOSTILE, url: 'javascript:alert(1)' },
  };

  test('is text: no tag, no attribute, no script and no address of it becomes one of the page', () => {
    const kept = aRecord('thread.kept', { messages: [said({ text: HOSTILE })] });

    const html = page(aRecord('request.asked', hostile), 'request.denied', kept);

    expect(html).not.toMatch(/<script|<img|javascript:|onerror="/);
    expect(html).not.toContain('\u0007');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html.match(/<bdi/g)?.length).toBe(html.match(/<\/bdi>/g)?.length);
  });

  test('loads nothing from anywhere, and runs nothing', () => {
    const html = page(...ENDS['closed']!);

    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(html).not.toMatch(/<(script|link|img|iframe|object|embed)\b|@import|url\(/);
  });

  test('a link to the incident is one only where it leads to the web', () => {
    expect(page(...ENDS['denied']!)).toContain(
      '<a href="https://example.pagerduty.com/incidents/PINC0042" rel="noopener noreferrer">',
    );
    const odd = { ...aRecord('request.asked').incident, url: 'not a url' };
    expect(page(aRecord('request.asked', { incident: odd }), 'request.denied')).not.toContain('<a ');
  });
});
