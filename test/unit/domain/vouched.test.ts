import { describe, expect, test } from '@jest/globals';

import { approversOf, vouchedFor } from '../../../src/domain/vouched.ts';
import { getRequest } from '../../../src/domain/state.ts';
import { aPerson, aRecord, HISTORIES, ID, stateAfter } from '../../support/builders/records.ts';

const maya = aPerson('U0MAYA');
const jonas = aPerson('U0JONAS');
const priya = aPerson('U0PRIYA');

const requestAfter = (...records: Parameters<typeof stateAfter>) => getRequest(stateAfter(...records), ID)!;

describe('who is known from the log', () => {
  const later = aRecord('extension.approved', { approver: priya });

  test('is who asked, who approved, and who approved a later end, whatever became of it', () => {
    const waiting = requestAfter(...HISTORIES.extending, later);
    const done = requestAfter(...HISTORIES.extending, later, 'window.extended');

    for (const request of [waiting, done]) {
      expect(approversOf(request)).toEqual([jonas, priya]);
      for (const person of [maya, jonas, priya])
        expect(vouchedFor([request], person.identity)).toEqual(person);
    }
  });

  test('is nobody else, and nobody of the same id in another workspace', () => {
    const request = requestAfter(...HISTORIES.approved);

    expect(approversOf(request)).toEqual([jonas]);
    expect(vouchedFor([request], priya.identity)).toBeUndefined();
    expect(vouchedFor([request], { ...jonas.identity, team: 'T0OTHER' })).toBeUndefined();
    expect(vouchedFor([], maya.identity)).toBeUndefined();
  });

  test('is known from any of several requests', () => {
    const [one, other] = [requestAfter(...HISTORIES.pending), requestAfter(...HISTORIES.approved)];

    expect(vouchedFor([one, other], jonas.identity)).toEqual(jonas);
  });
});
