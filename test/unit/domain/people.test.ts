import { describe, expect, test } from '@jest/globals';

import { Approved, hasQuorum } from '../../../src/domain/approved.ts';
import { identityKey, isMember, personOf, samePerson } from '../../../src/domain/person.ts';
import type { PersonFacts } from '../../../src/domain/person.ts';
import type { In } from '../../../src/domain/request.ts';
import { getRequest } from '../../../src/domain/state.ts';
import { aPerson, aRecord, HISTORIES, ID, stateAfter } from '../../support/builders/records.ts';

const elsewhere = { enterprise: 'E0ORG', team: 'T0OTHER', user: 'U0MAYA' };

describe('two accounts', () => {
  test.each([
    ['one identity', aPerson('U0MAYA', { email: null }), true],
    ['one user id in another workspace', aPerson('U0MAYA', { identity: elsewhere, email: null }), true],
    ['one address', aPerson('U0TWIN', { email: 'u0maya@example.com' }), true],
    ['nothing in common', aPerson('U0JONAS'), false],
    ['no address at all', aPerson('U0JONAS', { email: null }), false],
  ])('with %s: one person is %s', (_, other, one) => {
    const maya = aPerson('U0MAYA', other.email === null ? { email: null } : {});

    expect(samePerson(maya, other)).toBe(one);
    expect(samePerson(other, maya)).toBe(one);
  });
});

test('a person is a member by name or by group, and by nothing else', () => {
  const maya = aPerson('U0MAYA', { groups: ['S1'] });

  expect(isMember(maya, { users: ['U0MAYA'], groups: [] })).toBe(true);
  expect(isMember(maya, { users: [], groups: ['S0', 'S1'] })).toBe(true);
  expect(isMember(maya, { users: ['u0maya', 'S1'], groups: ['U0MAYA'] })).toBe(false);
});

test('what is recorded of a person is who they are, not what the directory said of them', () => {
  const { identity, name, email } = aPerson('U0MAYA');

  expect(personOf(aPerson('U0MAYA'))).toEqual({ identity, name, email });
  expect(identityKey(identity)).not.toBe(identityKey(elsewhere));
});

describe('a quorum', () => {
  const opening = (needed: number, ...approvers: PersonFacts[]) => {
    const [first, ...rest] = approvers.map((approver) => aRecord('approval.given', { approver }));
    // The fold counts records; the quorum counts people.
    const state = stateAfter(
      aRecord('request.asked', { approvalsNeeded: needed }),
      ...(first ? [first] : []),
      ...rest,
      'open.intended',
    );
    return getRequest(state, ID) as In<'opening'>;
  };
  const jonas = aPerson('U0JONAS');

  test.each<[string, number, PersonFacts[], boolean]>([
    ['one of one', 1, [jonas], true],
    ['two of two', 2, [jonas, aPerson('U0PRIYA')], true],
    ['the same person twice', 2, [jonas, jonas], false],
    ['two accounts of one person', 2, [jonas, aPerson('U0TWIN', { email: jonas.email })], false],
    ['the requester', 1, [aPerson('U0MAYA')], false],
    ['a second account of the requester', 1, [aPerson('U0TWIN', { email: 'u0maya@example.com' })], false],
    ['the requester and one other of two', 2, [aPerson('U0MAYA'), jonas], false],
    ['nobody of none', 0, [aPerson('U0MAYA')], false],
  ])('%s: %s', (_, needed, approvers, enough) => {
    const request = opening(needed, ...approvers);

    expect(request.state).toBe('opening');
    expect(hasQuorum(request)).toBe(enough);
    expect(Approved.from(request) !== undefined).toBe(enough);
  });

  test('opens exactly what was intended, until exactly then', () => {
    const request = getRequest(stateAfter(...HISTORIES.opening), ID) as In<'opening'>;

    expect(Approved.from(request)).toMatchObject({
      request: ID,
      target: request.intended.target,
      rules: request.intended.rules,
      deadline: request.intended.deadline,
    });
  });
});
