import type { SecurityGroupRule } from '@aws-sdk/client-ec2';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { sessionName } from '../../../src/aws/clients.ts';
import { canonicalCidr, isSameRule, observedRule, ruleDescription } from '../../../src/aws/rule-shape.ts';
import { rulesOf } from '../../../src/domain/rule.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';

const { target } = aWorkflow();

const described = (change: Partial<SecurityGroupRule> = {}): SecurityGroupRule => ({
  SecurityGroupRuleId: 'sgr-1',
  GroupId: target.securityGroups[0],
  IsEgress: false,
  IpProtocol: 'tcp',
  FromPort: 8443,
  ToPort: 8443,
  CidrIpv4: '203.0.113.7/32',
  ...change,
});

describe('a rule as AWS describes it', () => {
  test.each<[string, Partial<SecurityGroupRule>]>([
    ['egress', { IsEgress: true }],
    ['without an id', { SecurityGroupRuleId: undefined }],
    ['without a group', { GroupId: undefined }],
  ])('that is %s is no ingress rule', (_, change) => {
    expect(observedRule(target, described(change))).toBeUndefined();
  });

  test('that is of unknown direction counts: absence is proven by what is not described', () => {
    expect(observedRule(target, described({ IsEgress: undefined }))).toMatchObject({ ruleId: 'sgr-1' });
  });

  test.each<[string, Partial<SecurityGroupRule>]>([
    ['all traffic', { IpProtocol: '-1', FromPort: -1, ToPort: -1 }],
    ['all traffic without ports', { IpProtocol: '-1', FromPort: undefined, ToPort: undefined }],
  ])('for %s covers every port', (_, change) => {
    expect(observedRule(target, described(change))).toMatchObject({ fromPort: 0, toPort: 65_535 });
  });

  test.each([
    ['1900000000', 1_900_000_000],
    ['soon', null],
    ['-5', null],
    ['1.5', null],
    ['99999999999999999999', null],
    ['', null],
  ])('with the end tag %p ends at %p', (value, expiresAt) => {
    const Tags = [{ Key: 'breakglass:expires-at', Value: value }];

    expect(observedRule(target, described({ Tags }))?.tags).toEqual({
      deployment: null,
      request: null,
      expiresAt,
    });
  });
});

describe('the same rule', () => {
  const [rule] = rulesOf(target, '2001:db8::7/128');
  const there = (change: Partial<SecurityGroupRule> = {}) =>
    observedRule(target, described({ CidrIpv4: undefined, CidrIpv6: '2001:DB8:0:0::7/128', ...change }));

  test('is the same in every spelling of its address', () => {
    expect(isSameRule(there()!, rule!)).toBe(true);
  });

  test.each<[string, Partial<SecurityGroupRule>]>([
    ['group', { GroupId: 'sg-other' }],
    ['protocol', { IpProtocol: 'udp' }],
    ['first port', { FromPort: 8442 }],
    ['last port', { ToPort: 8444 }],
    ['address', { CidrIpv6: '2001:db8::8/128' }],
    ['width', { CidrIpv6: '2001:db8::7/64' }],
  ])('is another one with another %s', (_, change) => {
    expect(isSameRule(there(change)!, rule!)).toBe(false);
  });
});

test.each([
  ['2001:DB8:0:0:0:0:0:1/128', '2001:db8::1/128'],
  ['203.0.113.7/32', '203.0.113.7/32'],
  ['pl-123', 'pl-123'],
])('%s is spelt %s', (text, canonical) => {
  expect(canonicalCidr(text)).toBe(canonical);
});

test('whatever the text, AWS takes the description', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      expect(ruleDescription(text)).toMatch(/^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{0,255}$/);
    }),
  );
});

test('whatever the deployment is called, STS takes the session name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (deployment) => {
      expect(sessionName(deployment)).toMatch(/^[\w+=,.@-]{2,64}$/);
    }),
  );
});
