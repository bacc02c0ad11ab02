import { createHash } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';

import { fold } from '../../../src/domain/fold.ts';
import type { SweepReported } from '../../../src/domain/records.ts';
import { linesOf, STATE_KIND, withLine } from '../../../src/domain/state-json.ts';
import { EMPTY, type State, type Written } from '../../../src/domain/state.ts';
import { isoTime, MINUTE } from '../../../src/domain/time.ts';
import {
  aRecord,
  HISTORIES,
  type History,
  NOON,
  RECORD_TYPES,
  stateAfter,
  written,
} from '../../support/builders/records.ts';

/** As it comes back from where it was kept: as text. */
const restored = (state: State): State =>
  [...linesOf(state)!]
    .map((line) => JSON.parse(JSON.stringify(line)) as unknown)
    .reduce<State>(withLine, EMPTY);

/** All that there is in a state; who holds a rule has no order. */
const contentOf = ({ requests, holders, distrust, ...maps }: State) => ({
  requests: requests.toObject(),
  holders: holders.map((ids) => ids.toSorted()).toObject(),
  distrust,
  ...Object.fromEntries(Object.entries(maps).map(([name, map]) => [name, map.toObject()])),
});

const BY = { principal: 'arn:aws:iam::111122223333:user/somebody', at: isoTime(NOON - MINUTE) };
const REPORTED = aRecord('sweep.reported', { finding: 'unexpected', request: null });
const ATTRIBUTED = aRecord('sweep.reported', { finding: 'attributed', request: null, by: BY });
const UNEXPECTED: [string, SweepReported[]][] = [
  ['unexpected', [REPORTED]],
  ['attributed', [REPORTED, ATTRIBUTED]],
];

/** Up to three requests at once, whose records come in any order that can be; some of them share a rule. */
const anyEntries: fc.Arbitrary<Written[]> = fc
  .array(fc.record({ type: fc.constantFrom(...RECORD_TYPES), id: fc.nat(2), minutes: fc.nat(3) }), {
    minLength: 20,
    maxLength: 120,
  })
  .map((steps) => {
    let now = NOON;
    let state = EMPTY;
    const entries: Written[] = [];
    for (const { type, id, minutes } of steps) {
      now += minutes * MINUTE;
      const change = { request: `bg-000000000${id}`, at: isoTime(now), delivery: `V${entries.length}` };
      const entry = written(aRecord(type, change), entries.length + 1);
      const next = fold(state, entry);
      if (next.distrust !== null) continue;
      state = next;
      entries.push(entry);
    }
    return entries;
  });

describe('a state that was kept', () => {
  test('is the same again, and goes on in the same way', () => {
    fc.assert(
      fc.property(anyEntries, fc.nat(), (entries, anywhere) => {
        const cut = anywhere % (entries.length + 1);
        const before = entries.slice(0, cut).reduce(fold, EMPTY);

        const again = restored(before);

        expect(contentOf(again)).toStrictEqual(contentOf(before));
        const rest = entries.slice(cut);
        expect(contentOf(rest.reduce(fold, again))).toStrictEqual(contentOf(rest.reduce(fold, before)));
      }),
      { numRuns: 200 },
    );
  });

  test.each(Object.keys(HISTORIES) as History[])('may hold a request that is %s', (history) => {
    const state = stateAfter(...HISTORIES[history]);

    expect(contentOf(restored(state))).toStrictEqual(contentOf(state));
  });

  test.each(UNEXPECTED)('may hold ingress that nobody asked for: %s', (_, records) => {
    const state = stateAfter(...records);

    expect(state.unexpected.size).toBe(1);
    expect(contentOf(restored(state))).toStrictEqual(contentOf(state));
  });

  test('is not one that distrusts the log: a later software may know better', () => {
    const state = fold(stateAfter('request.asked'), {
      ...written(aRecord('approval.given')),
      record: { format: 2, type: 'approval.given', at: isoTime(NOON) },
    });

    expect(state.distrust).not.toBeNull();
    expect(linesOf(state)).toBeUndefined();
  });
});

describe('what is not an entry of a state is refused', () => {
  test.each([
    ['nothing', null],
    ['a text', 'text'],
    ['another map', ['others', 'key', {}]],
    ['what follows from the rest', ['holders', 'key', []]],
    ['distrust', ['distrust', 'key', {}]],
    ['what every object has', ['toString', 'key', {}]],
    ['a request under another id', ['requests', 'bg-1', { id: 'bg-2' }]],
    ['no request', ['requests', 'bg-1', null]],
  ])('%s', (_, line) => {
    expect(() => withLine(EMPTY, line)).toThrow();
  });
});

/** What the records of the tests fold into, as far as anybody has kept it. */
const digestOf = (state: State): string =>
  createHash('sha256')
    .update(canonicalize([...linesOf(state)!].toSorted(([a, b], [c, d]) => (a + b < c + d ? -1 : 1)))!)
    .digest('hex')
    .slice(0, 12);

test('the kind of state has a new name whenever the same records fold into another state', () => {
  const folded = Object.fromEntries(
    [...Object.entries(HISTORIES), ...UNEXPECTED].map(([name, records]) => [
      name,
      digestOf(stateAfter(...records)),
    ]),
  );

  // Where the fold or the written form has changed, raise the number in STATE_KIND, and then copy what is new.
  expect({ [STATE_KIND]: folded }).toEqual({
    'state-5': {
      none: '4f53cda18c2b',
      pending: '2431c26fbe17',
      approved: '6e14c8db532e',
      opening: '86d54b1e8918',
      open: 'e838bbe0c7f8',
      extending: '4e6718cc467d',
      granted: '557c8ff0bf93',
      unextended: '25865b5cdd34',
      closing: '339a859cf805',
      closed: '9fda48945842',
      rotating: '39276725c4ea',
      rotated: '675b27eb6051',
      ended: '6f04d6a9f202',
      sealed: '998676771fb5',
      unexpected: 'da9bd961e2bd',
      attributed: '6d6f5d0d1867',
    },
  });
});
