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

  test('of a rule that is still open says where to look and how to close it by hand, and of no other', () => {
    const { region, group, ruleId } = rule!;
    const where = `<https://${region}.console.aws.amazon.com/vpcconsole/home?region=${region}#SecurityGroup:groupId=${group}|`;
    const command = `\`aws ec2 revoke-security-group-ingress --region ${region} --group-id ${group} --security-group-rule-ids ${ruleId}\``;

    const open = finding(reported({ finding: 'not-closed' })).text;
    const closed = finding(reported({ finding: 'overdue' })).text;

    expect([where, command].map((text) => open.includes(text))).toEqual([true, true]);
    expect([where, 'aws ec2'].map((text) => closed.includes(text))).toEqual([false, false]);
  });

  test('says so of each of three rules that are still open, and how many more there are', () => {
    const rules = Array.from({ length: 5 }, (_, index) => ({
      ...rule!,
      ruleId: `sgr-0123456789abcdef${index}`,
    }));

    const { text, blocks } = finding(reported({ finding: 'not-closed', rules }));

    expect(text.match(/security-group-rule-ids sgr-0123456789abcdef\d/g)).toHaveLength(3);
    expect(text).toContain('and 2 more');
    expect(() => checkMessageBlocks(blocks)).not.toThrow();
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

  test.each(
    HOSTILE.flatMap((hostile) =>
      (['unknown', 'not-closed'] as const).map((kind) => [hostile, kind] as const),
    ),
  )('pings nobody and links nowhere whatever AWS was told: %j, %s', (hostile, kind) => {
    const { text } = finding(
      reported({
        finding: kind,
        request: hostile,
        rules: [{ ...rule!, source: hostile, group: hostile, ruleId: hostile, protocol: hostile }],
        by: { principal: hostile, at: '2026-03-01T11:00:00Z' },
      }),
    );

    expect(foreignMarkup(text)).toEqual([]);
    expect(pinged(text).filter((who) => !who.startsWith('!date'))).toEqual([]);
  });
});
