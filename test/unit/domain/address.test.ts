import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { hostOf, isPrivate, parseSource } from '../../../src/domain/address.ts';

describe('a source address', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7/32'],
    [' 203.0.113.7/32 ', '203.0.113.7/32'],
    ['8.8.8.8', '8.8.8.8/32'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['2001:0DB8:0:0::1/128', '2001:db8::1/128'],
    ['2606:4700:4700::1111', '2606:4700:4700::1111/128'],
    ['10.20.0.7', '10.20.0.7/32'],
  ])('%s is the one host %s', (typed, cidr) => {
    expect(parseSource(typed)).toEqual({ cidr });
  });

  test.each([
    ['', 'not-an-address'],
    ['console.example.com', 'not-an-address'],
    ['203.0.113', 'not-an-address'],
    ['203.0.113.256', 'not-an-address'],
    ['0x7f.0.0.1', 'not-an-address'],
    ['2130706433', 'not-an-address'],
    ['010.0.0.1', 'not-an-address'],
    ['203.0.113.7/32/32', 'not-an-address'],
    ['203.0.113.7/', 'not-an-address'],
    ['203.0.113.7/33', 'not-an-address'],
    ['203.0.113.7/-1', 'not-an-address'],
    ['2001:db8::1/129', 'not-an-address'],
    ['fe80::1%eth0', 'not-an-address'],
    ['203.0.113.7, 203.0.113.8', 'not-an-address'],
    ['203.0.113.7/24', 'host-bits'],
    ['2001:db8::1/64', 'host-bits'],
    ['203.0.113.0/24', 'too-wide'],
    ['203.0.113.6/31', 'too-wide'],
    ['0.0.0.0/0', 'too-wide'],
    ['::/0', 'too-wide'],
    ['2001:db8::/64', 'too-wide'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['224.0.0.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['0.0.0.0', 'unusable'],
    ['255.255.255.255', 'unusable'],
    ['240.0.0.1', 'unusable'],
    ['::ffff:203.0.113.7', 'unusable'],
  ])('%s is refused as %s', (typed, problem) => {
    expect(parseSource(typed)).toEqual({ problem });
  });

  test('is never anything but one host in canonical form, whatever is typed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), (typed) => {
        const result = parseSource(typed);

        if ('cidr' in result) {
          expect(result.cidr).toMatch(/^([0-9.]+\/32|[0-9a-f:]+\/128)$/);
          expect(parseSource(result.cidr)).toEqual(result);
        }
      }),
    );
  });

  test.each([
    ['10.0.0.1/32', true],
    ['172.16.0.1/32', true],
    ['192.168.1.1/32', true],
    ['100.64.0.1/32', true],
    ['169.254.169.254/32', true],
    ['fd00::1/128', true],
    ['203.0.113.7/32', false],
    ['2001:db8::1/128', false],
  ])('%s is private: %s', (cidr, expected) => {
    expect(isPrivate(cidr)).toBe(expected);
  });

  test('is shown without its length', () => {
    expect(hostOf('203.0.113.7/32')).toBe('203.0.113.7');
  });
});
