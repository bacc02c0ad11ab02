import { describe, expect, test } from '@jest/globals';

import type { Difference, TrailCompared, WindowObserved } from '../../../src/domain/records.ts';
import type { In } from '../../../src/domain/request.ts';
import { checkMessageBlocks } from '../../../src/sandbox/slack/limits/messages.ts';
import { activityNotes, comparison } from '../../../src/slack/messages/activity.ts';
import { notes } from '../../../src/slack/messages/thread.ts';
import { aRecord } from '../../support/builders/records.ts';
import { foreignMarkup, HOSTILE, pinged } from './hostile.ts';
import { CHECKPOINT, Story, WORKFLOW } from './support.ts';

const connections: NonNullable<WindowObserved['connections']> = {
  complete: true,
  gaps: [],
  total: { connections: 2, packets: 30, bytes: 4_000, alive: 0 },
  seen: [],
};

const sealed = (change?: Partial<WindowObserved>, story = new Story().rotated()): In<'sealed'> => ({
  ...story.sealed().in('sealed'),
  observed: change === undefined ? null : aRecord('window.observed', change),
});

describe('what went on inside a window', () => {
  test('is told after everything else, in the audit channel and then in the thread', () => {
    const told = notes(sealed({ connections }), WORKFLOW, CHECKPOINT);

    expect(told.slice(-3).map(({ key, where }) => [key, where])).toEqual([
      ['sealed', 'thread'],
      ['observed:audit', 'audit'],
      ['observed', 'thread'],
    ]);
    expect(told.at(-1)?.rendered.text).toBe(
      '🔭 Inside the window: 2 connections of the granted address, 4,000 bytes; 0 calls of the AWS API on the opened groups.',
    );
    expect(told.at(-2)?.rendered.text).toContain('bg-0000000001');
  });

  test('is not told before it is known', () => {
    expect(activityNotes(sealed())).toEqual([]);
  });

  test('is told to those who guard the ports first where a connection lives on', () => {
    const alive = { ...connections, total: { ...connections.total, alive: 1 } };

    const told = activityNotes(sealed({ connections: alive }));

    expect(told.map(({ where }) => where)).toEqual(['security', 'audit', 'thread']);
    for (const { rendered } of told)
      expect(rendered.text).toContain('1 connection still moved packets after the port had closed');
  });

  test('is no alarm where another grant keeps the port open to the host', () => {
    const alive = { ...connections, total: { ...connections.total, alive: 1 } };
    const kept = new Story().rotated({ connections: 'kept-by-another-grant' });

    const told = activityNotes(sealed({ connections: alive }, kept));

    expect(told.map(({ where }) => where)).toEqual(['audit', 'thread']);
    for (const { rendered } of told)
      expect(rendered.text).toContain(
        '1 connection went on: another grant keeps the port open to this address',
      );
  });

  test('fits into one message, however much is not known', () => {
    const gaps = Array.from({ length: 40 }, () => ({ why: 'skipped' as const, text: '&'.repeat(500) }));

    const told = activityNotes(sealed({ connections: { ...connections, gaps } }));

    for (const { rendered } of told) {
      expect(() => checkMessageBlocks(rendered.blocks)).not.toThrow();
      expect(rendered.text).toContain('and 37 more reasons, see the log');
    }
  });

  test('says what is not known', () => {
    const gaps = [{ why: 'too-many', text: 'there are more <!channel>' }] as const;
    const calls = { complete: false, gaps, seen: [] };

    const [, note] = activityNotes(sealed({ connections: null, calls }));

    expect(note?.rendered.text).toContain(
      'this workflow has no flow logs, so nobody knows who was connected',
    );
    expect(note?.rendered.text).toContain('This may not be all: there are more &lt;!channel&gt;');
  });
});

describe('a difference between CloudTrail and the log', () => {
  const difference: Difference = {
    kind: 'no-record',
    event: 'AuthorizeSecurityGroupIngress',
    at: Date.UTC(2026, 2, 1, 12),
    principal: 'arn:aws:sts::111122223333:assumed-role/breakglass-worker/olek',
    awsRequest: 'r-1',
    on: 'sg-1',
    what: 'sgr-1',
    request: null,
  };
  const ids = {
    awsRequest: '8a0e1b2c-1111-2222-3333-444455556666',
    on: 'sg-0123456789abcdef0',
    what: 'sgr-0123456789abcdef0',
  };
  const found = (change: Partial<TrailCompared> = {}): TrailCompared =>
    aRecord('trail.compared', { different: 1, differences: [difference], ...change });

  test('is told with who did what, and when', () => {
    const { text } = comparison(found());

    expect(text).toContain('CloudTrail and the log differ');
    expect(text).toContain(
      'no record accounts for AuthorizeSecurityGroupIngress on sg-1 (sgr-1), 2026-03-01T12:',
    );
    expect(text).not.toContain('more, see the log');
  });

  test('names the whole session that did it, however long the ids before it are', () => {
    const { text } = comparison(found({ differences: [{ ...difference, ...ids }] }));

    expect(text).toContain('breakglass-worker/olek');
  });

  test('is one of ten that are named, of however many', () => {
    const differences = Array.from({ length: 50 }, () => ({ ...difference, what: '&'.repeat(500) }));

    const { text, blocks } = comparison(found({ different: 80, differences }));

    expect(text).toContain('and 70 more, see the log');
    expect(text.match(/^• /gm)).toHaveLength(10);
    expect(blocks.map((block) => (block.type === 'section' ? block.text?.text : '')).join('\n')).toBe(text);
    expect(() => checkMessageBlocks(blocks)).not.toThrow();
  });

  test('is told with what could not be seen', () => {
    const gaps = Array.from({ length: 4 }, () => ({ why: 'too-many' as const, text: '&'.repeat(500) }));
    const differences = Array.from({ length: 10 }, () => ({ ...difference, what: 'x'.repeat(500) }));

    const { text, blocks } = comparison(found({ differences, gaps, complete: false }));

    expect(text).toContain('CloudTrail and the log differ');
    expect(text).toContain('This may not be all: &amp;');
    expect(text).toContain('and 1 more reason, see the log');
    expect(() => checkMessageBlocks(blocks)).not.toThrow();
  });

  test('that nobody could look for is told as that, and why', () => {
    const gaps = [{ why: 'unavailable', text: 'AWS refused: <!channel>' }] as const;

    const { text, blocks } = comparison(found({ different: 0, differences: [], gaps, complete: false }));

    expect(text).toContain('could not be compared in full* (');
    expect(text).toContain('• AWS refused: &lt;!channel&gt;');
    expect(text).not.toContain('differ*');
    expect(() => checkMessageBlocks(blocks)).not.toThrow();
  });

  test.each(HOSTILE)('pings nobody and links nowhere whatever AWS was told: %j', (hostile) => {
    const { text } = comparison(
      found({
        gaps: [{ why: 'unavailable', text: hostile }],
        differences: [{ ...difference, principal: hostile, on: hostile, event: hostile, what: hostile }],
      }),
    );

    expect(foreignMarkup(text)).toEqual([]);
    expect(pinged(text).filter((who) => !who.startsWith('!date'))).toEqual([]);
  });
});
