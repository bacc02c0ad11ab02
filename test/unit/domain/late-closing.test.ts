import { describe, expect, test } from '@jest/globals';

import { dueAt, lateClosing } from '../../../src/domain/late-closing.ts';
import type { BreakglassRecord, RecordType } from '../../../src/domain/records.ts';
import { isHolding, type Holding } from '../../../src/domain/request.ts';
import { getRequest } from '../../../src/domain/state.ts';
import { isoTime, SECOND } from '../../../src/domain/time.ts';
import { aRecord, HISTORIES, ID, NOON, stateAfter } from '../../support/builders/records.ts';

const { deadline, target, rules } = aRecord('open.intended');
const DUE = deadline * SECOND;
const ASKED = NOON + 120_000;
const BEGUN = NOON + 180_000;

function after(...records: (BreakglassRecord | RecordType)[]): Holding {
  const request = getRequest(stateAfter(...records), ID);
  if (request === undefined || !isHolding(request)) throw new Error('it holds nothing');
  return request;
}

const asked = aRecord('close.requested', { at: isoTime(ASKED) });
const begunFor = (trigger: 'deadline' | 'undo' | 'gone', at = BEGUN) =>
  aRecord('close.intended', { trigger, at: isoTime(at) });

describe('a window is due to be closed', () => {
  test.each<[string, number, (BreakglassRecord | RecordType)[]]>([
    ['at its deadline', DUE, [...HISTORIES.open]],
    ['when somebody asked for its end', ASKED, [...HISTORIES.open, asked]],
    ['when its undoing began', BEGUN, [...HISTORIES.opening, begunFor('undo')]],
    ['at whichever was first', ASKED, [...HISTORIES.open, asked, begunFor('gone')]],
    ['at its deadline, if nothing was before', DUE, [...HISTORIES.open, begunFor('gone', DUE + 60_000)]],
    [
      'at its deadline, whatever a clock that was set back says',
      DUE,
      [...HISTORIES.open, begunFor('deadline')],
    ],
  ])('%s', (_, due, records) => {
    expect(dueAt(after(...records))).toBe(due);
  });
});

describe('who has to close it by hand is told', () => {
  const [rule] = rules;
  const named = (...ids: string[]) =>
    `aws ec2 revoke-security-group-ingress --region ${target.region} --group-id ${rule!.group} --security-group-rule-ids ${ids.join(' ')}`;

  test('what it is, since when, where to look, and a command for the rules that were confirmed', () => {
    expect(lateClosing(after(...HISTORIES.closing))).toEqual({
      account: target.account,
      region: target.region,
      port: target.port,
      groups: [rule!.group],
      since: DUE,
      consoleUrl: `https://${target.region}.console.aws.amazon.com/vpcconsole/home?region=${target.region}#SecurityGroup:groupId=${rule!.group}`,
      commands: [named('sgr-1')],
    });
  });

  test('a command for what AWS shows, by whoever has looked', () => {
    const seen = ['sgr-1', 'sgr-2'].map((ruleId) => ({ ...rule!, ruleId }));

    expect(lateClosing(after(...HISTORIES.closing), seen).commands).toEqual([named('sgr-1', 'sgr-2')]);
    expect(lateClosing(after(...HISTORIES.closing), []).commands).toEqual([named('sgr-1')]);
  });

  test('a command that looks for them where no rule is known', () => {
    const undone = after(...HISTORIES.opening, begunFor('undo'));

    expect(lateClosing(undone).commands).toEqual([`npx breakglass close ${ID}`]);
  });

  test('one command where there would be too many to enter', () => {
    const groups = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ ...rule!, group: `sg-${name}` }));
    const of = (count: number) => {
      const wide = groups.slice(0, count);
      const confirmed = wide.map((one, index) => ({ ...one, ruleId: `sgr-${index}` }));
      const opened = [
        ...HISTORIES.approved,
        aRecord('open.intended', { rules: wide }),
        aRecord('open.confirmed', { rules: confirmed }),
      ] as const;
      return lateClosing(after(...opened, 'close.intended')).commands;
    };

    expect(of(5)).toHaveLength(5);
    expect(of(6)).toEqual([`npx breakglass close ${ID}`]);
  });
});
