import { describe, expect, test } from '@jest/globals';

import { reportOf } from '../../../src/domain/decide/sweep.ts';
import type { BreakglassRecord, RecordType } from '../../../src/domain/records.ts';
import { judge } from '../../../src/lifecycle/judge.ts';
import { readingOf } from '../../../src/lifecycle/known-rules.ts';
import type { ObservedRule } from '../../../src/ports/access.ts';
import { aRecord, HISTORIES, ID, NOON, stateAfter } from '../../support/builders/records.ts';

const OTHER_ID = 'bg-0000000002';
const IN_TIME = NOON + 60_000;
const PAST_ITS_END = NOON + 901_000;
const UNTAGGED = { deployment: null, request: null, expiresAt: null };
const OURS = { deployment: 'test', request: ID, expiresAt: NOON / 1_000 + 900 };
const [OPENED] = aRecord('open.confirmed').rules;

/** The rule that is opened in these histories, as AWS describes it once somebody has taken its tags. */
const observed = (change: Partial<ObservedRule> = {}): ObservedRule => ({
  ...reportOf(OPENED!),
  address: OPENED!.address,
  tags: UNTAGGED,
  ...change,
});

type Said = (BreakglassRecord | RecordType)[];
const judged = (said: Said, rule: ObservedRule, now = IN_TIME) =>
  judge({ deployment: 'test' }, readingOf(stateAfter(...said)), rule, now);
const findingOf = (...given: Parameters<typeof judged>) => judged(...given)?.finding;

/** The same records of another request. */
const ofOther = (types: readonly RecordType[]): Said =>
  types.map((type) => aRecord(type, { request: OTHER_ID, delivery: 'V0002' }));

const SHAPES: [string, Partial<ObservedRule>][] = [
  ['everybody', { address: '0.0.0.0/0', source: '0.0.0.0/0' }],
  ['another host', { address: '198.51.100.9/32', source: '198.51.100.9/32' }],
  ['a prefix list', { address: null, source: 'pl-0123456789abcdef0' }],
  ['more ports', { fromPort: 0, toPort: 65_535 }],
  ['another port', { fromPort: 22, toPort: 22 }],
  ['another protocol', { protocol: 'udp' }],
  ['all traffic', { protocol: '-1', fromPort: 0, toPort: 65_535 }],
];

describe('a rule that the log knows by its id, and whose tags somebody has taken', () => {
  test('stays while its grant lasts', () => {
    expect(findingOf([...HISTORIES.open], observed())).toBeUndefined();
  });

  test.each(SHAPES)('goes at once when it lets in %s', (_, shape) => {
    expect(judged([...HISTORIES.open], observed(shape))).toMatchObject({
      finding: 'wrong-shape',
      request: ID,
    });
  });

  test.each(SHAPES)('goes also under our tag when it lets in %s', (_, shape) => {
    expect(findingOf([...HISTORIES.open], observed({ ...shape, tags: OURS }))).toBe('wrong-shape');
  });

  test.each(SHAPES)('goes also under the tag of another deployment when it lets in %s', (_, shape) => {
    const tags = { ...OURS, deployment: 'other' };

    expect(findingOf([...HISTORIES.open], observed({ ...shape, tags }))).toBe('wrong-shape');
  });

  test.each([['as it was opened', {}] as [string, Partial<ObservedRule>], ...SHAPES])(
    'is overdue past its end: %s',
    (_, shape) => {
      expect(findingOf([...HISTORIES.open], observed(shape), PAST_ITS_END)).toBe('overdue');
    },
  );

  test.each([
    ['closed', HISTORIES.closed],
    ['rotating', HISTORIES.rotating],
    ['sealed', [...HISTORIES.rotated, 'request.sealed']],
  ] as [string, Said][])('is overdue where it is there again and its grant is %s', (_, history) => {
    expect(judged(history, observed())).toMatchObject({ finding: 'overdue', request: ID });
    expect(findingOf(history, observed({ address: '0.0.0.0/0', source: '0.0.0.0/0' }))).toBe('overdue');
  });

  test('stays for another grant that shares it, in whose name it is found', () => {
    const shared = [...HISTORIES.closed, ...ofOther(HISTORIES.open)];

    expect(findingOf(shared, observed())).toBeUndefined();
    expect(judged(shared, observed({ toPort: 9_000 }))).toMatchObject({
      finding: 'wrong-shape',
      request: OTHER_ID,
    });
  });

  test('stays for another grant that is opening and has not been told its id yet', () => {
    expect(findingOf([...HISTORIES.closed, ...ofOther(HISTORIES.opening)], observed())).toBeUndefined();
  });
});

describe('a rule of somebody else’s', () => {
  test.each([['what a grant lets in', {}] as [string, Partial<ObservedRule>], ...SHAPES])(
    'stays, whatever it lets in, while a grant is open, past its end and after it: %s',
    (_, shape) => {
      const foreign = observed({ ...shape, ruleId: 'sgr-other' });

      for (const history of Object.values(HISTORIES))
        for (const now of [IN_TIME, PAST_ITS_END])
          expect(findingOf([...history], foreign, now)).toBeUndefined();
    },
  );

  test.each([
    ['account', { account: '444455556666' }],
    ['Region', { region: 'us-east-1' }],
  ])('stays though its id is one of ours in another %s', (_, place) => {
    expect(findingOf([...HISTORIES.open], observed({ ...place, toPort: 9_000 }))).toBeUndefined();
  });

  test('stays where a grant was closed whose opening nobody had confirmed', () => {
    const unconfirmed: Said = [...HISTORIES.opening, 'close.intended', 'close.confirmed'];

    expect(findingOf(unconfirmed, observed({ toPort: 9_000 }))).toBeUndefined();
  });

  test('is nobody’s to judge where the log cannot be read', () => {
    expect(judge({ deployment: 'test' }, undefined, observed({ toPort: 9_000 }), IN_TIME)).toBeUndefined();
  });
});
