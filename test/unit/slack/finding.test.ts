import { describe, expect, test } from '@jest/globals';

import type { SweepReported } from '../../../src/domain/records.ts';
import { checkMessageBlocks } from '../../../src/sandbox/slack/limits/messages.ts';
import { finding } from '../../../src/slack/messages/finding.ts';
import { aRecord } from '../../support/builders/records.ts';
import { foreignMarkup, HOSTILE, pinged } from './hostile.ts';

const reported = (change: Partial<SweepReported> = {}): SweepReported => ({
  ...aRecord('sweep.reported'),
  ...change,
});
const [rule] = reported().rules;

describe('a finding of the sweep', () => {
  test('names the rule, the port, the source, who made it and the request', () => {
    const by = { principal: 'arn:aws:sts::111122223333:assumed-role/admin/olek', at: '2026-03-01T11:00:00Z' };

    const { text } = finding(reported({ finding: 'unexpected', request: 'bg-1', by }));

    expect(text).toContain('A protected port is open');
    expect(text).toContain('`sgr-1`');
    expect(text).toContain('tcp 8443 from `203.0.113.7/32`');
    expect(text).toContain('assumed-role/admin/olek, <!date^1772362800^');
    expect(text).toContain('bg-1');
  });

  test('says that a rule is closed only where it is', () => {
    const text = (kind: SweepReported['finding']) => finding(reported({ finding: kind })).text;

    expect(text('unknown')).toContain('and closed');
    expect(text('not-closed')).toContain('could not be yet');
    expect(text('not-closed')).not.toContain('and closed');
  });

  test('shows the whole range of a rule that is wider than one port', () => {
    const { text } = finding(reported({ rules: [{ ...rule!, fromPort: 0, toPort: 65_535 }] }));

    expect(text).toContain('tcp 0-65535 from');
  });

  test('names ten of many rules and says how many more there are', () => {
    const rules = Array.from({ length: 13 }, (_, index) => ({ ...rule!, ruleId: `sgr-${index}` }));

    const { text, blocks } = finding(reported({ rules }));

    expect(text.match(/sgr-/g)).toHaveLength(10);
    expect(text).toContain('and 3 more');
    expect(() => checkMessageBlocks(blocks)).not.toThrow();
  });

  test.each(HOSTILE)('pings nobody and links nowhere whatever AWS was told: %j', (hostile) => {
    const { text } = finding(
      reported({
        request: hostile,
        rules: [{ ...rule!, source: hostile, group: hostile, protocol: hostile }],
        by: { principal: hostile, at: '2026-03-01T11:00:00Z' },
      }),
    );

    expect(foreignMarkup(text)).toEqual([]);
    expect(pinged(text).filter((who) => !who.startsWith('!date'))).toEqual([]);
  });
});
