import { describe, expect, test } from '@jest/globals';
import { betweenReadingBackAndAuthorizing } from '../../../bench/faults/frozen.ts';
import type { Answer } from '../../../bench/world/answers.ts';
import type { RecordedCall } from '../../../src/sandbox/client.ts';
import { aCall } from '../../support/builders/recorded-call.ts';

const ADDRESS = '203.0.113.20';
const NAME = 'bg-demo-0123456789abcdef0123456789abcdef';
const PATH = `/schedules/${NAME}`;

const answer = (method: string, status = 200, path = PATH): Answer => ({
  method,
  path,
  status,
  by: 'worker-1',
});
const MADE = answer('POST');
const READ = answer('GET');

const call = (action: string, input: object) => aCall('scheduler', action, input);
const ranges = (address: string) => ({ IpPermissions: [{ IpRanges: [{ CidrIp: `${address}/32` }] }] });
const arming = (address = ADDRESS, name = NAME): RecordedCall =>
  call('CreateSchedule', { Name: name, Target: { Input: JSON.stringify(ranges(address)) } });
const authorizing = (address = ADDRESS): RecordedCall =>
  call('AuthorizeSecurityGroupIngress', ranges(address));

describe('an opening between reading the switch back and authorizing', () => {
  const there = (asked: readonly Answer[], calls: readonly RecordedCall[]) =>
    betweenReadingBackAndAuthorizing(asked, calls, [ADDRESS, '203.0.113.2', ADDRESS]);

  test('is one whose switch this worker made and read back, and nothing more', () => {
    expect(there([MADE, READ], [arming()])).toEqual([ADDRESS]);
    expect(there([MADE, READ], [arming(), authorizing('203.0.113.201')])).toEqual([ADDRESS]);
  });

  test.each<[string, Answer[], RecordedCall[]]>([
    ['was not read back yet', [MADE], [arming()]],
    ['was read by somebody who had not made it', [READ], [arming()]],
    ['was read before it was made', [READ, MADE], [arming()]],
    ['could not be read back', [MADE, answer('GET', 404)], [arming()]],
    ['was authorized', [MADE, READ], [arming(), authorizing()]],
    ['was given up', [MADE, READ], [arming(), call('DeleteSchedule', { Name: NAME })]],
    ['is of another address', [MADE, READ], [arming('203.0.113.21')]],
  ])('is none that %s', (_, asked, calls) => {
    expect(there(asked, calls)).toEqual([]);
  });
});
