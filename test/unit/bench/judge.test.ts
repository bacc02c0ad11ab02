import { describe, expect, test } from '@jest/globals';
import { judge, type Evidence } from '../../../bench/faults/judge.ts';
import type { Window } from '../../../bench/faults/window.ts';
import { Timeline, type Run } from '../../../bench/outside/timeline.ts';
import type { Said } from '../../../bench/world/happenings.ts';
import type { BreakglassRecord, RecordType } from '../../../src/domain/records.ts';
import type { RecordedCall } from '../../../src/sandbox/client.ts';
import { aRecord } from '../../support/builders/records.ts';
import { aCall } from '../../support/builders/recorded-call.ts';

const ID = 'bg-0000000001';
const RULE = 'sgr-0123456789abcdef0';
const REASON = 'Window 1 of wave 1 needs the console';
const DEADLINE = 60_000;

const WHOLE: readonly RecordType[] = [
  'request.asked',
  'approval.given',
  'open.intended',
  'open.confirmed',
  'close.intended',
  'close.confirmed',
  'request.sealed',
];

const run = (open: boolean, from: number, to: number): Run => ({
  open,
  firstBegun: from,
  firstEnded: from,
  lastBegun: to,
  lastEnded: to,
  attempts: 1,
});
const OPEN = [run(false, 0, 30_000), run(true, 30_020, DEADLINE + 300), run(false, DEADLINE + 320, 90_000)];

const aWindow = (runs: readonly Run[] = OPEN, change: Partial<Window> = {}): Window => ({
  host: { name: 'host-0', address: '203.0.113.20', port: 1 },
  reason: REASON,
  request: ID,
  deadline: DEADLINE,
  followed: true,
  seen: new Timeline(runs, 0, 90_000),
  ...change,
});

const said = (key: string, at: number, text: string): Said => ({
  at,
  channel: 'C1',
  ts: '1.1',
  request: ID,
  key,
  message: { type: 'message', user: 'U1', team: 'T1', ts: '1.1', text },
});

const call = (action: string, input: object) => aCall('ec2', action, input);
const AUTHORIZE = call('AuthorizeSecurityGroupIngress', { Tags: [{ Value: ID }] });
const REVOKE = call('RevokeSecurityGroupIngress', { SecurityGroupRuleIds: [RULE] });

/** What is looked at after a window that went as it should, but for what the test says. */
function evidence({
  records = WHOLE,
  words = [said('open', 30_500, 'opened'), said('closed', 65_000, '🔒 *Closed*')],
  calls = [AUTHORIZE, REVOKE],
  valid = true,
}: {
  records?: readonly RecordType[];
  words?: readonly Said[];
  calls?: readonly RecordedCall[];
  valid?: boolean;
} = {}): Evidence {
  const log = records.map((type): BreakglassRecord =>
    type === 'request.asked'
      ? aRecord(type, { request: ID, reason: REASON })
      : ({ ...aRecord(type), request: ID } as BreakglassRecord),
  );
  return {
    log: {
      refresh: () => Promise.resolve(),
      verify: () =>
        Promise.resolve({
          valid,
          trust: 'given-keys',
          keyHistory: [],
          found: 1,
          commits: 1,
          records: 1,
          newerFormat: 0,
          checkpoints: { given: 0, contained: 0 },
          anchored: 0,
        }),
      of: (request) => (request === ID ? log : []),
      every: <T extends RecordType>(wanted: T) =>
        log.filter((record): record is Extract<BreakglassRecord, { type: T }> => record.type === wanted),
    },
    client: { awsCalls: () => Promise.resolve([...calls]) },
    happenings: {
      said: [...words],
      of: (request) => words.filter((each) => each.request === request),
      ruleOf: new Map([[RULE, ID]]),
    },
  };
}

describe('the judge of a row', () => {
  test('finds nothing wrong with a window that opened, closed and was told of as it happened', async () => {
    const findings = await judge(evidence(), [aWindow()]);

    expect(findings).toEqual({
      latenessMs: [320],
      early: 0,
      opened: 1,
      notOpened: [],
      leftOpen: [],
      recordsLost: [],
      falseMessages: [],
    });
  });

  test('a window that nobody could use, or that was never confirmed, was not opened, and it is said why', async () => {
    const failed: readonly RecordType[] = ['request.asked', 'open.intended', 'open.failed'];
    const unconfirmed = WHOLE.filter((type) => type !== 'open.confirmed');
    const notOpened = async (records: readonly RecordType[], window: Window) =>
      (await judge(evidence({ records, words: [] }), [window])).notOpened;

    const refused = await notOpened(failed, aWindow([run(false, 0, 90_000)]));
    const lost = await notOpened(unconfirmed, aWindow());
    const unseen = await notOpened(WHOLE, aWindow([run(false, 0, 90_000)]));
    const unasked = await notOpened([], aWindow([], { request: undefined, deadline: undefined }));

    expect(refused).toEqual([expect.stringContaining('failed at arm (throttled): slow down')]);
    expect(lost).toEqual([expect.stringContaining('came to request.asked, approval.given, open.intended')]);
    expect(unseen).toHaveLength(1);
    expect(unasked).toEqual(['no request of 203.0.113.20, due never: came to nothing']);
  });

  test('that another window was open to the same address does not make it one that was opened', async () => {
    const both = [aWindow(), aWindow(OPEN, { request: 'bg-0000000002' })];

    const { opened, notOpened } = await judge(evidence(), both);

    expect(opened).toBe(1);
    expect(notOpened).toEqual([expect.stringContaining('bg-0000000002')]);
  });

  test('a port that still lets people in is left open', async () => {
    const findings = await judge(evidence(), [aWindow(OPEN.slice(0, 2))]);

    expect(findings.leftOpen).toHaveLength(1);
  });

  test.each<[string, readonly RecordType[]]>([
    ['a rule made without an intention', ['request.asked', 'open.confirmed', 'close.confirmed']],
    ['a rule made that came to nothing', ['request.asked', 'open.intended']],
    ['a rule removed without an end', ['request.asked', 'open.intended', 'open.confirmed']],
    ['a question that was taken', ['open.intended', 'open.confirmed', 'close.confirmed']],
  ])('%s is a record lost', async (_, records) => {
    const findings = await judge(evidence({ records, words: [] }), [aWindow()]);

    expect(findings.recordsLost.length).toBeGreaterThan(0);
  });

  test('what people were told without a record of it is a record lost', async () => {
    const records = WHOLE.filter((type) => type !== 'request.sealed');
    const words = [said('sealed', 66_000, 'sealed')];

    const findings = await judge(evidence({ records, words }), [aWindow()]);

    expect(findings.recordsLost).toEqual([`"sealed" was said of ${ID} and no request.sealed is in the log`]);
  });

  test('a log that does not hold has lost something', async () => {
    const findings = await judge(evidence({ valid: false }), [aWindow()]);

    expect(findings.recordsLost).toHaveLength(1);
  });

  test('open said while the requester is still refused is false', async () => {
    const findings = await judge(evidence({ words: [said('open', 29_000, 'opened')] }), [aWindow()]);

    expect(findings.falseMessages).toHaveLength(1);
  });

  test('closed said while somebody still gets in is false', async () => {
    const words = [said('card', DEADLINE + 100, '🔒 *Closed* at noon')];

    const findings = await judge(evidence({ words }), [aWindow()]);

    expect(findings.falseMessages).toHaveLength(1);
  });

  test('that one of two grants of an address has ended is no lie while the other keeps it open', async () => {
    const words = [said('closed', 45_000, '🔓 *Ended*; the address stays open')];
    const seen = new Timeline(OPEN, 0, 90_000);

    const findings = await judge(evidence({ words }), [
      aWindow([], { seen, deadline: 40_000 }),
      aWindow([], { seen }),
    ]);

    expect(findings).toMatchObject({ falseMessages: [], latenessMs: [320] });
  });

  test('closed said before another window opens to the same address is true, after that it is false', async () => {
    const seen = new Timeline(
      [run(true, 1_000, 20_000), run(false, 20_020, 40_000), run(true, 40_020, 60_300)],
      0,
      90_000,
    );
    const both = [aWindow([], { seen }), aWindow([], { seen, request: 'bg-0000000002' })];
    const next = {
      ...call('AuthorizeSecurityGroupIngress', { Tags: [{ Value: 'bg-0000000002' }] }),
      at: new Date(40_000).toISOString(),
    };
    const closedAt = (at: number) =>
      judge(evidence({ calls: [next], words: [said('closed', at, '🔒 *Closed*')] }), both);

    // Taken a moment ago, and not in force yet: nobody gets in.
    const justBefore = await closedAt(40_010);
    const [early, between, late] = [await closedAt(19_000), await closedAt(30_000), await closedAt(50_000)];

    expect(justBefore.falseMessages).toEqual([]);
    expect([early, between, late].map(({ falseMessages }) => falseMessages.length)).toEqual([1, 0, 1]);
  });

  test('a window that was closed before its deadline is counted, and no part of the lateness', async () => {
    const findings = await judge(evidence(), [aWindow(OPEN, { deadline: 80_000 })]);

    expect(findings).toMatchObject({ early: 1, latenessMs: [] });
  });
});
