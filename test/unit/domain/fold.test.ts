import { describe, expect, test } from '@jest/globals';

import { fold } from '../../../src/domain/fold.ts';
import type { BreakglassRecord, RecordType, SweepReported } from '../../../src/domain/records.ts';
import type { In } from '../../../src/domain/request.ts';
import { EMPTY, getRequest, holdersOf, type State, type Written } from '../../../src/domain/state.ts';
import { isoTime, MINUTE } from '../../../src/domain/time.ts';
import type { LibraryRecord } from '../../../src/log/types.ts';
import {
  aPerson,
  aRecord,
  HISTORIES,
  type History,
  ID,
  NOON,
  RECORD_TYPES,
  stateAfter,
  written,
} from '../../support/builders/records.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';

const ENDING = {
  'people.checked': 'open',
  'close.requested': 'open',
  'close.intended': 'closing',
  'messages.posted': 'open',
} as const;

/** The only ways on, from every state; a record that is not named here is impossible there. */
const WAYS_ON: Record<History, Partial<Record<RecordType, string>>> = {
  none: { 'request.asked': 'pending' },
  pending: {
    'approval.given': 'approved',
    'request.denied': 'ended',
    'request.withdrawn': 'ended',
    'request.lapsed': 'ended',
    'messages.posted': 'pending',
  },
  approved: {
    'request.withdrawn': 'ended',
    'request.lapsed': 'ended',
    'people.checked': 'approved',
    'open.intended': 'opening',
    'open.failed': 'ended',
    'messages.posted': 'approved',
  },
  opening: {
    'close.requested': 'opening',
    'open.armed': 'opening',
    'open.confirmed': 'open',
    'open.failed': 'ended',
    'close.intended': 'closing',
    'messages.posted': 'opening',
  },
  open: { ...ENDING, 'extension.asked': 'open' },
  extending: { ...ENDING, 'extension.approved': 'open', 'extension.denied': 'open' },
  granted: { ...ENDING, 'window.extended': 'open' },
  unextended: ENDING,
  closing: { 'close.late': 'closing', 'close.confirmed': 'closed', 'messages.posted': 'closing' },
  closed: {
    'rotation.started': 'rotating',
    'rotation.late': 'closed',
    'rotation.skipped': 'rotating',
    'messages.posted': 'closed',
  },
  rotating: {
    'rotation.started': 'rotating',
    'rotation.late': 'rotating',
    'rotation.confirmed': 'rotating',
    'messages.posted': 'rotating',
  },
  rotated: { 'rotation.late': 'rotating', 'request.sealed': 'sealed', 'messages.posted': 'rotating' },
  ended: { 'request.sealed': 'sealed', 'messages.posted': 'ended' },
  sealed: { 'messages.posted': 'sealed', 'summary.written': 'sealed' },
};

/** Of no request's life: they change no request, whatever its state. */
const ASIDE: readonly RecordType[] = ['action.refused', 'sweep.reported', 'cut.removed', 'trail.compared'];
/** All that the log writes of itself: a new one does not compile until it stands here. */
const LIBRARY_TYPES: Record<LibraryRecord['type'], true> = { 'log.opened': true, 'log.key-replaced': true };
const histories = Object.keys(HISTORIES) as History[];
const lives = RECORD_TYPES.filter((type) => !ASIDE.includes(type));
const add = (state: State, record: BreakglassRecord, role?: Written['role']) =>
  fold(state, written(record, 99, role));

describe('a record leads on', () => {
  test.each(
    histories.flatMap((from) =>
      Object.entries(WAYS_ON[from]).map(([type, to]) => [from, type as RecordType, to] as const),
    ),
  )('from %s by %s to %s', (from, type, to) => {
    const before = stateAfter(...HISTORIES[from]);

    const after = add(before, aRecord(type));

    expect(after.distrust).toBeNull();
    expect(getRequest(after, ID)?.state).toBe(to);
    expect(getRequest(after, ID)?.version).toBe((getRequest(before, ID)?.version ?? 0) + 1);
  });
});

describe('what cannot be is kept out, and the log is no longer believed', () => {
  test.each(
    histories.flatMap((from) =>
      lives.filter((type) => !(type in WAYS_ON[from])).map((type) => [type, from] as const),
    ),
  )('%s of what is %s', (type, from) => {
    const before = stateAfter(...HISTORIES[from]);

    const after = add(before, aRecord(type));

    expect(after).toEqual({ ...before, distrust: { index: 99, why: 'impossible' } });
  });

  test.each(RECORD_TYPES)('%s under the other role’s key', (type) => {
    const records = stateAfter('request.asked', 'approval.given', 'open.intended');
    const record = aRecord(type);
    const role = written(record).role === 'bot' ? 'worker' : 'bot';

    const after = add(records, record, role);

    expect(after).toEqual({ ...records, distrust: { index: 99, why: 'wrong-role' } });
  });

  test.each([
    ['a newer format', { format: 2, type: 'request.asked' }, 'newer-format'],
    ['a newer format of the log’s own', { format: 2, type: 'log.key-replaced' }, 'newer-format'],
    ['an unknown type', { format: 1, type: 'request.paused' }, 'unknown-type'],
    ['an unknown type of the log’s own', { format: 1, type: 'log.closed' }, 'unknown-type'],
    [
      'a type that only begins like one of the log’s own',
      { format: 1, type: 'log.opened.again' },
      'unknown-type',
    ],
    ['a type that is a property of every object', { format: 1, type: 'constructor' }, 'unknown-type'],
  ])('%s', (_, record, why) => {
    const entry = { ...written(aRecord('request.asked')), record: { at: isoTime(NOON), ...record } };

    expect(fold(EMPTY, entry)).toEqual({ ...EMPTY, distrust: { index: 1, why } });
  });

  test.each(['request.asked', 'cut.removed', 'trail.compared'] as const)(
    '%s with nothing in it, without throwing',
    (type) => {
      const before = stateAfter('request.asked');
      const { record, ...entry } = written(aRecord(type), 99);
      const { format, at } = record;

      const after = fold(before, { ...entry, record: { format, type, at } });

      expect(after).toEqual({ ...before, distrust: { index: 99, why: 'impossible' } });
    },
  );

  test('the first reason stays, and what follows is still folded', () => {
    const flawed = add(stateAfter('request.asked'), aRecord('close.late'));

    const after = fold(flawed, written(aRecord('request.sealed'), 100));
    const open = fold(after, written(aRecord('approval.given'), 101));

    expect(open.distrust).toEqual({ index: 99, why: 'impossible' });
    expect(getRequest(open, ID)?.state).toBe('approved');
  });

  test.each(Object.keys(LIBRARY_TYPES))('%s is nobody’s request and no reason for distrust', (type) => {
    const entry = written(aRecord('request.asked'));
    const own = { ...entry, record: { format: 1, type, at: isoTime(NOON) } };

    expect(fold(EMPTY, own)).toBe(EMPTY);
  });
});

describe('approvals', () => {
  const two = aRecord('request.asked', { approvalsNeeded: 2 });
  const priya = aRecord('approval.given', { approver: aPerson('U0PRIYA', { checkedAt: NOON + 300_000 }) });

  test('fewer than needed leave a request pending, and its later answers count', () => {
    const first = stateAfter(two, 'approval.given');

    expect(getRequest(first, ID)).toMatchObject({ state: 'pending', approvals: [{ index: 2 }] });
    expect(getRequest(add(first, priya), ID)).toMatchObject({ state: 'approved' });
  });

  test('are as fresh as the oldest word about anybody', () => {
    const approved = stateAfter(two, 'approval.given', priya);
    const later = aRecord('people.checked', {
      people: [aPerson('U0MAYA', { checkedAt: NOON + 400_000 }), aPerson('U0JONAS', { checkedAt: NOON + 1 })],
    });

    expect(getRequest(approved, ID)?.peopleCheckedAt).toBe(NOON);
    expect(getRequest(add(approved, later), ID)?.peopleCheckedAt).toBe(NOON + 1);
  });
});

describe('an extension', () => {
  const inOpen = (state: State) => getRequest(state, ID) as In<'open'>;

  test('moves the deadline by the record that it was carried out, and by no earlier one', () => {
    const granted = stateAfter(...HISTORIES.granted);
    const { until } = aRecord('extension.asked');

    const extended = add(granted, aRecord('window.extended'));

    expect(inOpen(granted)).toMatchObject({ deadline: NOON / 1000 + 900, extended: [] });
    expect(inOpen(extended)).toMatchObject({
      deadline: until,
      extended: [{ asked: { until } }],
      extension: null,
    });
  });

  test('is carried out as it was approved or not at all', () => {
    const longer = aRecord('window.extended', { deadline: aRecord('extension.asked').until + 1 });

    const after = add(stateAfter(...HISTORIES.granted), longer);

    expect(after.distrust).toEqual({ index: 99, why: 'impossible' });
    expect(inOpen(after).deadline).toBe(NOON / 1000 + 900);
  });

  test('needs as many approvals as the opening', () => {
    const two = aRecord('request.asked', { approvalsNeeded: 2 });
    const opened = ['approval.given', 'approval.given', 'open.intended', 'open.confirmed'] as const;
    const once = stateAfter(two, ...opened, 'extension.asked', 'extension.approved');

    const tooEarly = add(once, aRecord('window.extended'));
    const twice = add(add(once, aRecord('extension.approved')), aRecord('window.extended'));

    expect(tooEarly.distrust?.why).toBe('impossible');
    expect(twice.distrust).toBeNull();
    expect(inOpen(twice).extended).toMatchObject([{ approvals: [{}, {}] }]);
  });

  test('is as fresh as the oldest word about anybody it stands on', () => {
    const two = aRecord('request.asked', { approvalsNeeded: 2 });
    const opened = ['approval.given', 'approval.given', 'open.intended', 'open.confirmed'] as const;
    const [first, second] = [NOON + 300_000, NOON + 500_000];
    const approval = (user: string, checkedAt: number) =>
      aRecord('extension.approved', {
        approver: aPerson(user, { checkedAt }),
        requester: aPerson('U0MAYA', { checkedAt }),
      });
    const asked = stateAfter(two, ...opened, 'extension.asked');

    const granted = add(add(asked, approval('U0JONAS', first)), approval('U0PRIYA', second));
    const again = add(
      granted,
      aRecord('people.checked', { people: [aPerson('U0MAYA', { checkedAt: second })] }),
    );

    expect(getRequest(granted, ID)?.peopleCheckedAt).toBe(first);
    expect(getRequest(again, ID)?.peopleCheckedAt).toBe(second);
  });

  test('can follow another', () => {
    const again = stateAfter(...HISTORIES.granted, 'window.extended', 'extension.asked');

    expect(inOpen(again)).toMatchObject({ extended: [{}], extension: { approvals: [], denied: null } });
  });
});

describe('what the sweep found', () => {
  const found = (index: number, minute: number) =>
    written(aRecord('sweep.reported', { at: isoTime(NOON + minute * MINUTE) }), index);

  test('is kept for a day', () => {
    const state = [found(1, 0), found(2, 1), found(3, 24 * 60)].reduce(fold, EMPTY);

    expect([...state.findings.keys()]).toEqual(['2', '3']);
  });

  test('is kept up to a hundred, the newest', () => {
    const state = Array.from({ length: 103 }, (_, index) => found(index + 1, 0)).reduce(fold, EMPTY);

    expect(state.findings.size).toBe(100);
    expect(state.findings.keySeq().first()).toBe('4');
  });
});

describe('ingress that nobody asked for', () => {
  const [rule] = aRecord('sweep.reported').rules;
  const wider = { ...rule!, source: '0.0.0.0/0' };
  const by = { principal: 'arn:aws:iam::111122223333:user/somebody', at: isoTime(NOON - MINUTE) };
  const found = (change: Partial<SweepReported>, minute: number) =>
    aRecord('sweep.reported', { rules: [rule!], at: isoTime(NOON + minute * MINUTE), ...change });
  const reported = found({ finding: 'unexpected' }, 1);
  const unexpectedAfter = (...records: SweepReported[]) => [...stateAfter(...records).unexpected.values()];

  test('is remembered with when it was reported, and with who made it as soon as that is said', () => {
    const attributed = found({ finding: 'attributed', by }, 5);
    const reportedAt = NOON + MINUTE;

    expect(unexpectedAfter(reported)).toEqual([{ rule, reportedAt, by: null }]);
    expect(unexpectedAfter(reported, attributed)).toEqual([{ rule, reportedAt, by }]);
    expect(unexpectedAfter(found({ finding: 'unexpected', by }, 1))).toEqual([{ rule, reportedAt, by }]);
  });

  test('is another when it lets in something else: who made the one before is not who made it', () => {
    const again = found({ finding: 'unexpected', rules: [wider] }, 7);
    const late = found({ finding: 'attributed', by }, 8);

    expect(unexpectedAfter(found({ finding: 'unexpected', by }, 1), again, late)).toEqual([
      { rule: wider, reportedAt: NOON + 7 * MINUTE, by: null },
    ]);
  });

  test('is forgotten when it is gone, and who made it says nothing of it any more', () => {
    const gone = found({ finding: 'gone' }, 9);

    expect(unexpectedAfter(reported, gone)).toEqual([]);
    expect(unexpectedAfter(reported, gone, found({ finding: 'attributed', by }, 10))).toEqual([]);
  });

  test('is not what was found of ours', () => {
    expect(unexpectedAfter(found({ finding: 'wrong-shape' }, 1))).toEqual([]);
  });
});

describe('cut connections', () => {
  const cut = {
    entries: [{ acl: 'acl-1', ruleNumber: 50, port: 8443, address: '203.0.113.7/32' }],
    until: NOON / 1000 + 1_300,
  };
  const closed = stateAfter(...HISTORIES.closing, aRecord('close.confirmed', { connections: 'cut', cut }));

  test('are remembered with the place where their entries stand', () => {
    expect([...closed.cuts.values()]).toEqual([
      { request: ID, target: aWorkflow().target, entry: cut.entries[0], until: cut.until },
    ]);
  });

  test('are forgotten when their entries are gone, whatever has become of the request', () => {
    const gone = add(closed, aRecord('cut.removed', { entries: cut.entries }));

    expect(gone.cuts.size).toBe(0);
    expect(getRequest(gone, ID)).toMatchObject({ state: 'closed', version: getRequest(closed, ID)?.version });
  });

  test('are none where nothing was cut', () => {
    expect(stateAfter(...HISTORIES.closed).cuts.size).toBe(0);
  });
});

test('the index of holders is what a look at every request would find', () => {
  const [rule] = aRecord('open.intended').rules;

  const held = histories.filter((history) => stateAfter(...HISTORIES[history]).holders.size > 0);
  const another = add(
    add(stateAfter(...HISTORIES.open), aRecord('request.asked', { request: 'bg-2', delivery: 'V2' })),
    aRecord('approval.given', { request: 'bg-2' }),
  );
  const both = add(another, aRecord('open.intended', { request: 'bg-2' }));
  const one = add(add(both, aRecord('close.intended')), aRecord('close.confirmed'));

  expect(held).toEqual(['opening', 'open', 'extending', 'granted', 'unextended', 'closing']);
  expect(holdersOf(both, rule!).map(({ id }) => id)).toEqual([ID, 'bg-2']);
  expect(holdersOf(one, rule!).map(({ id }) => id)).toEqual(['bg-2']);
});

test('the first wish to close is the one that counts', () => {
  const open = stateAfter(...HISTORIES.open, 'close.requested');

  const again = add(open, aRecord('close.requested', { trigger: 'revoked', by: aPerson('U0JONAS') }));

  expect(getRequest(again, ID)?.closeRequested?.trigger).toBe('done');
});

test('a closing that began before the opening was confirmed knows of no confirmed rules', () => {
  expect(getRequest(stateAfter(...HISTORIES.opening, 'close.intended'), ID)).toMatchObject({
    state: 'closing',
    confirmed: null,
  });
});

describe('nothing is kept for ever', () => {
  test('a request leaves when it is sealed, told and summarised, in either order', () => {
    const last = aRecord('messages.posted', { messages: [{ key: 'sealed', channel: 'C0', ts: '2.2' }] });

    const sealedFirst = stateAfter(...HISTORIES.sealed, last, 'summary.written');
    const summary = aRecord('summary.written', { upTo: 4 });
    const postedFirst = stateAfter('request.asked', 'request.denied', last, 'request.sealed', summary);

    expect([sealedFirst.requests.size, postedFirst.requests.size]).toEqual([0, 0]);
    expect([sealedFirst.distrust, postedFirst.distrust]).toEqual([null, null]);
  });

  test('a request knows every record it stands on', () => {
    expect(getRequest(stateAfter(...HISTORIES.approved), ID)?.records).toEqual([
      { index: 1, commit: 1, leaf: '01'.repeat(32) },
      { index: 2, commit: 2, leaf: '02'.repeat(32) },
    ]);
  });

  test.each(['action.refused', 'sweep.reported', 'cut.removed'] as const)(
    'a request knows of a %s that names it, and nothing decided meanwhile is upset',
    (type) => {
      const before = stateAfter(...HISTORIES.open);
      const after = add(before, aRecord(type));

      const [open, named] = [getRequest(before, ID), getRequest(after, ID)];
      expect(named?.records).toEqual([
        ...(open?.records ?? []),
        { index: 99, commit: 99, leaf: '63'.repeat(32) },
      ]);
      expect({ ...named, records: [] }).toEqual({ ...open, records: [] });
      expect(after.distrust).toBeNull();
    },
  );

  test.each([
    aRecord('action.refused', { request: null }),
    aRecord('action.refused', { request: 'bg-nosuch' }),
    aRecord('sweep.reported', { request: null }),
    aRecord('cut.removed', { requests: [] }),
  ])('a record that names another request, or none, is none of its (%#)', (record) => {
    const before = stateAfter(...HISTORIES.open);

    expect(getRequest(add(before, record), ID)).toBe(getRequest(before, ID));
  });

  test('deliveries are forgotten after a day, refusals after ten minutes', () => {
    const state = stateAfter('request.asked', 'action.refused');
    const later = (ms: number, delivery: string) => ({ at: isoTime(NOON + ms), request: delivery, delivery });
    const almost = add(state, aRecord('request.asked', later(24 * 60 * MINUTE - 1, 'V2')));
    const after = add(state, aRecord('request.asked', later(24 * 60 * MINUTE, 'V3')));
    const refusedLater = add(
      state,
      aRecord('action.refused', { at: isoTime(NOON + 10 * MINUTE), action: 'deny' }),
    );

    expect([...almost.deliveries.keys()].toSorted()).toEqual(['V0001', 'V2']);
    expect([...after.deliveries.keys()]).toEqual(['V3']);
    expect([...refusedLater.refusals.keys()]).toEqual([`/T0TEST/U0MAYA deny ${ID}  own-request`]);
  });
});
