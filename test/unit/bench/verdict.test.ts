import { describe, expect, test } from '@jest/globals';
import type { Findings } from '../../../bench/faults/judge.ts';
import { ROWS } from '../../../bench/faults/rows.ts';
import { exitCode, verdict, type Seen } from '../../../bench/faults/verdict.ts';

const STRICT = { goalMs: 1_000, opensAtLeast: 1, mayEndEarly: false };
const LENIENT = { ...STRICT, opensAtLeast: 0.95 };
const KILLED = 'workers killed';

const seen = (change: Partial<Findings> = {}, rest: Partial<Omit<Seen, 'found'>> = {}): Seen => ({
  windows: 200,
  struck: [{ what: KILLED, times: 3 }],
  endings: [],
  found: {
    latenessMs: [200, 300],
    early: 0,
    opened: 200,
    notOpened: [],
    leftOpen: [],
    recordsLost: [],
    falseMessages: [],
    ...change,
  },
  ...rest,
});

describe('the verdict on a row', () => {
  test('holds when every window opened and ended in time, and the fault has struck', () => {
    const { met, looked, findings, latenessMs } = verdict(STRICT, seen());

    expect({ met, looked, findings }).toEqual({ met: true, looked: true, findings: [] });
    expect(latenessMs).toEqual({ p50: 200, p99: 300, max: 300 });
  });

  test('one of two hundred windows is not enough, and what did not open is said', () => {
    const notOpened = ['bg-1: failed at arm (throttled): slow down'];

    const { met, findings } = verdict(STRICT, seen({ opened: 1, notOpened }));

    expect(met).toBe(false);
    expect(findings).toEqual([
      'too few windows: 1 of 200 were open until due, not 200',
      'not opened: bg-1: failed at arm (throttled): slow down',
    ]);
  });

  test.each([
    ['a row in which nothing keeps an opening from succeeding', STRICT, 199, false],
    ['a row whose fault strikes openings', LENIENT, 190, true],
    ['a row whose fault strikes openings', LENIENT, 189, false],
  ])('in %s, %j: %i of 200 opened are enough: %p', (_, row, opened, enough) => {
    expect(verdict(row, seen({ opened })).met).toBe(enough);
  });

  test('of a handful of windows, one that did not open is one in twenty at most', () => {
    expect(verdict(LENIENT, seen({ opened: 5 }, { windows: 6 })).met).toBe(true);
    expect(verdict(LENIENT, seen({ opened: 4 }, { windows: 6 })).met).toBe(false);
    expect(verdict(LENIENT, seen({ opened: 0 }, { windows: 1 })).met).toBe(false);
  });

  test('windows that were closed before they were due were not kept open, unless clocks jump', () => {
    expect(verdict(STRICT, seen({ early: 1 })).met).toBe(false);
    expect(verdict({ ...STRICT, mayEndEarly: true }, seen({ early: 100 })).met).toBe(true);
  });

  test('a fault that did not strike in one of its ways has shown nothing', () => {
    const struck = [
      { what: KILLED, times: 3 },
      { what: 'calls refused', times: 0 },
    ];

    const { met, looked, findings } = verdict(STRICT, seen({}, { struck }));

    expect({ met, looked }).toEqual({ met: true, looked: false });
    expect(findings).toEqual(['the fault did not strike: no calls refused']);
  });

  test.each<Partial<Findings>>([
    { leftOpen: ['bg-1'] },
    { recordsLost: ['bg-1'] },
    { falseMessages: ['bg-1'] },
    { latenessMs: [] },
    { latenessMs: [200, 1_001] },
  ])('does not hold, and says why, with %j', (change) => {
    const { met, findings } = verdict(STRICT, seen(change));

    expect(met).toBe(false);
    expect(findings).toHaveLength(1);
  });

  test('a process that ended badly is said', () => {
    expect(verdict(STRICT, seen({}, { endings: ['the bot ended by itself'] })).findings).toEqual([
      'process: the bot ended by itself',
    ]);
  });
});

describe('the exit code of a run', () => {
  const held = { met: true, looked: true };

  test.each([
    ['everything held', [held, held], 0],
    ['a row did not hold', [held, { met: false, looked: true }], 1],
    ['a fault did not strike', [held, { met: true, looked: false }], 3],
    ['a row could not be played', [held], 3],
  ])('%s', (_, rows, code) => {
    expect(exitCode(2, rows)).toBe(code);
  });
});

describe('the rows', () => {
  test('every fault has something that it must have done, and the healthy row has none', () => {
    const without = ROWS.filter(({ faults }) => faults.some(({ strikes }) => strikes.length === 0));

    expect(without.map(({ name }) => name)).toEqual(['healthy']);
  });

  test('no row takes less than nineteen of twenty windows for enough', () => {
    expect(ROWS.filter(({ opensAtLeast }) => opensAtLeast < 0.95)).toEqual([]);
  });

  test('EC2 refuses calls for two minutes and more of endings', () => {
    const lengths = ROWS.find(({ name }) => name === 'ec2-throttled')?.faults.map(({ seconds }) =>
      seconds?.(50),
    );
    const [least = 0, most = 0] = lengths?.find((each) => each !== undefined) ?? [];

    expect(most - least).toBeGreaterThanOrEqual(120);
  });
});
