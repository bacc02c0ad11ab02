import { describe, expect, test } from '@jest/globals';

import { activityLines, closedWindow, unobserved } from '../../../src/domain/activity.ts';
import { decideObserved } from '../../../src/domain/decide/observe.ts';
import type { ConnectionsSeen, Summary } from '../../../src/domain/records.ts';
import type { Activity, Target } from '../../../src/domain/rule.ts';
import { decideSeal } from '../../../src/domain/decide/seal.ts';
import { getRequest } from '../../../src/domain/state.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { aRecord, ID, NOON, stateAfter } from '../../support/builders/records.ts';

const NO_FLOW_LOGS: Activity = { flowLogs: null };
const FLOW_LOGS: Activity = { flowLogs: { logGroup: '/flow', fields: ['start'] } };
const CLOSED_AT = NOON + 900_100;
const calls = { complete: true, gaps: [], seen: [] };
const connection = {
  interface: 'eni-1',
  source: '203.0.113.7',
  sourcePort: 50_000,
  destination: '10.20.1.10',
  start: NOON / 1_000 + 10,
  end: NOON / 1_000 + 70,
  packets: 12,
  bytes: 3_456,
  alive: false,
};
const connections: ConnectionsSeen = {
  complete: true,
  gaps: [],
  total: { connections: 1, packets: 12, bytes: 3_456, alive: 0 },
  seen: [connection],
};

function intended(activity?: Activity, change: Partial<{ rules: [] }> = {}) {
  const target: Target = { ...aWorkflow().target, ...(activity && { activity }) };
  return aRecord('open.intended', { target, ...change });
}

const closed = (activity?: Activity) =>
  [
    'request.asked',
    'approval.given',
    intended(activity),
    'open.confirmed',
    'close.intended',
    aRecord('close.confirmed', { closedAt: CLOSED_AT }),
  ] as const;
const rotated = (activity?: Activity) => [...closed(activity), 'rotation.skipped'] as const;
const sealed = (activity?: Activity) => [...rotated(activity), aRecord('request.sealed')] as const;
const requestAfter = (...records: Parameters<typeof stateAfter>) => getRequest(stateAfter(...records), ID)!;

describe('a window owes its activity', () => {
  test.each([
    ['closed', closed(NO_FLOW_LOGS)],
    ['rotating', rotated(NO_FLOW_LOGS)],
    ['sealed', sealed(NO_FLOW_LOGS)],
  ])('once it is %s', (state, records) => {
    const request = requestAfter(...records);

    expect(request.state).toBe(state);
    expect(unobserved(request)).toEqual({
      request: ID,
      target: intended(NO_FLOW_LOGS).target,
      activity: NO_FLOW_LOGS,
      address: '203.0.113.7/32',
      from: NOON,
      until: CLOSED_AT,
      goesOn: false,
    });
  });

  test('not while it is open', () => {
    expect(closedWindow(requestAfter(...closed(NO_FLOW_LOGS).slice(0, 4)))).toBeUndefined();
  });

  test('not where the workflow asks for none', () => {
    expect(closedWindow(requestAfter(...sealed()))).toBeUndefined();
  });

  test('not where nothing was to be opened', () => {
    const [asked, approved, , ...rest] = closed();

    expect(
      closedWindow(requestAfter(asked, approved, intended(NO_FLOW_LOGS, { rules: [] }), ...rest)),
    ).toBeUndefined();
  });

  test('not where it was denied', () => {
    expect(closedWindow(requestAfter('request.asked', 'request.denied', 'request.sealed'))).toBeUndefined();
  });
});

describe('what went on inside a window', () => {
  const command = { request: ID, worker: 'w1', connections: null, calls };

  test('is recorded with the time that was looked at, and then not again', () => {
    const state = stateAfter(...sealed(NO_FLOW_LOGS));

    const decision = decideObserved(state, command, NOON + 2_000_000);

    expect(decision).toMatchObject({
      kind: 'do',
      records: [{ type: 'window.observed', request: ID, from: NOON, until: CLOSED_AT, worker: 'w1', calls }],
    });
    const after = stateAfter(...sealed(NO_FLOW_LOGS), aRecord('window.observed'));
    expect(decideObserved(after, command, NOON)).toEqual({ kind: 'do', records: [] });
    expect(decideObserved(stateAfter(), command, NOON)).toEqual({ kind: 'do', records: [] });
  });

  test('belongs to its request after the seal, and changes nothing else', () => {
    const before = requestAfter(...sealed(NO_FLOW_LOGS));

    const after = requestAfter(...sealed(NO_FLOW_LOGS), aRecord('window.observed'));

    const { observed, records, state } = after;
    expect(observed).toEqual(aRecord('window.observed'));
    expect(records).toEqual([...before.records, expect.anything()]);
    expect(state).toBe('sealed');
  });

  test('is impossible where nobody asked for it, and a second time', () => {
    const unasked = stateAfter(...sealed(), aRecord('window.observed'));
    const twice = stateAfter(...sealed(NO_FLOW_LOGS), aRecord('window.observed'), aRecord('window.observed'));

    expect([unasked.distrust?.why, twice.distrust?.why]).toEqual(['impossible', 'impossible']);
  });
});

describe('a summary says what will be looked up', () => {
  test.each<[Summary['activity'], Activity | undefined]>([
    ['none', undefined],
    ['calls', NO_FLOW_LOGS],
    ['calls-and-connections', FLOW_LOGS],
  ])('%s', (activity, workflow) => {
    const decision = decideSeal(stateAfter(...rotated(workflow)), { request: ID, software: '1.0.0' }, NOON);

    expect(decision).toMatchObject({ records: [{ summary: { activity } }] });
  });
});

describe('in plain lines', () => {
  test('it says what was seen, connection by connection and call by call', () => {
    const call = {
      event: 'RevokeSecurityGroupIngress',
      principal: 'arn:aws:sts::1:assumed-role/w/s',
      at: '2026-03-01T12:15:00Z',
      group: 'sg-1',
      awsRequest: 'r-1',
      error: null,
    };
    const refused = { ...call, awsRequest: 'r-2', error: 'Client.UnauthorizedOperation' };

    const lines = activityLines(
      aRecord('window.observed', { connections, calls: { ...calls, seen: [call, refused] } }),
    );

    expect(lines).toEqual([
      'Connections: 1 accepted, 12 packets, 3456 bytes',
      '2026-03-01T12:00:10.000Z to 2026-03-01T12:01:10.000Z 203.0.113.7:50000 to 10.20.1.10 through eni-1: 12 packets, 3456 bytes',
      'Calls of the AWS API on the opened groups: 2',
      '2026-03-01T12:15:00Z RevokeSecurityGroupIngress on sg-1 by arn:aws:sts::1:assumed-role/w/s (r-1)',
      '2026-03-01T12:15:00Z RevokeSecurityGroupIngress on sg-1 by arn:aws:sts::1:assumed-role/w/s (r-2): Client.UnauthorizedOperation',
    ]);
  });

  test('it says loudly who was still connected, how many more there were and what may be missing', () => {
    const many: ConnectionsSeen = {
      complete: false,
      gaps: [{ why: 'skipped', text: 'AWS has skipped records of eni-1' }],
      total: { connections: 3, packets: 12, bytes: 3_456, alive: 1 },
      seen: [{ ...connection, alive: true }],
    };
    const gone = { ...calls, complete: false, gaps: [{ why: 'too-many' as const, text: 'there are more' }] };

    const lines = activityLines(aRecord('window.observed', { connections: many, calls: gone }));

    expect(lines).toEqual([
      'Connections: 3 accepted, 12 packets, 3456 bytes',
      'STILL ALIVE after the window had closed at 2026-03-01T12:15:00.100Z: 1',
      expect.stringMatching(/3456 bytes, ALIVE after the close$/),
      'and 2 more connections',
      'Calls of the AWS API on the opened groups: 0',
      'This may not be all: AWS has skipped records of eni-1',
      'This may not be all: there are more',
    ]);
  });

  test('it says that nobody knows where there are no flow logs', () => {
    expect(activityLines(aRecord('window.observed'))[0]).toBe(
      'Connections: not known, the workflow names no flow logs',
    );
  });
});
