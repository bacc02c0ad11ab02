import { describe, expect, test } from '@jest/globals';

import { decideSeal, waitsForThread } from '../../../src/domain/decide/seal.ts';
import { decideSummaryWritten } from '../../../src/domain/decide/summary.ts';
import { decideMessageRemoved, decideThreadKept } from '../../../src/domain/decide/thread.ts';
import type { BreakglassRecord, RecordType, ThreadMessage } from '../../../src/domain/records.ts';
import { isSealable } from '../../../src/domain/request.ts';
import { getRequest, type State } from '../../../src/domain/state.ts';
import { besideKey, summaryKey } from '../../../src/domain/summary-key.ts';
import { fold } from '../../../src/domain/fold.ts';
import {
  aPerson,
  aRecord,
  HISTORIES,
  ID,
  NOON,
  stateAfter,
  written,
} from '../../support/builders/records.ts';

type Given = (BreakglassRecord | RecordType)[];
const DENIED: Given = ['request.asked', 'messages.posted', 'request.denied'];
const NOBODY = 'bg-0000000009';
const { identity } = aPerson('U0MAYA');
const message = (ts: string): ThreadMessage => ({
  ts,
  by: { who: 'person', identity },
  text: 'on it',
  edited: null,
  removedAt: null,
});
const read = (...messages: ThreadMessage[]) => ({
  request: ID,
  channel: 'C0INCIDENT',
  thread: '1.1',
  messages,
  complete: true,
  omitted: 0,
  problem: null,
});
const removal = (ts: string) => ({
  request: ID,
  ts,
  by: { who: 'person', identity } as const,
  removedAt: NOON + 5_000,
});
const recordsOf = (decision: ReturnType<typeof decideThreadKept>) =>
  decision.kind === 'do' ? decision.records : [];

describe('a thread is kept', () => {
  test('once its request has ended, in the order in which it was written', () => {
    const [kept] = recordsOf(
      decideThreadKept(stateAfter(...DENIED), read(message('3.5'), message('1.1')), NOON),
    );

    expect(kept).toMatchObject({ type: 'thread.kept', complete: true });
    expect(kept?.type === 'thread.kept' && kept.messages.map(({ ts }) => ts)).toEqual(['1.1', '3.5']);
  });

  test('with what is known to have been removed, and without saying what it said', () => {
    const removed = aRecord('thread.message-removed', { ts: '2.1' });
    const state = stateAfter('request.asked', 'messages.posted', removed, 'request.denied');

    const [kept] = recordsOf(decideThreadKept(state, read(message('1.1'), message('3.5')), NOON));

    expect(kept?.type === 'thread.kept' && kept.messages.map((each) => [each.ts, each.removedAt])).toEqual([
      ['1.1', null],
      ['2.1', NOON],
      ['3.5', null],
    ]);
  });

  test('and what was said to be removed and still stands there is not said to be removed', () => {
    const removed = aRecord('thread.message-removed', { ts: '2.1' });
    const state = stateAfter('request.asked', 'messages.posted', removed, 'request.denied');

    const [kept] = recordsOf(decideThreadKept(state, read(message('2.1')), NOON));

    expect(kept?.type === 'thread.kept' && kept.messages).toEqual([message('2.1')]);
  });

  test.each<[string, Given]>([
    ['of a request that nobody knows', []],
    ['of one that goes on', ['request.asked', 'messages.posted']],
    ['that is not there', ['request.asked', 'request.denied']],
    ['a second time', [...DENIED, 'thread.kept']],
  ])('never %s', (_, history) => {
    expect(recordsOf(decideThreadKept(stateAfter(...history), read(), NOON))).toEqual([]);
  });
});

describe('a removed message is noted', () => {
  test('while the thread is still to be kept', () => {
    const [noted] = recordsOf(
      decideMessageRemoved(stateAfter('request.asked', 'messages.posted'), removal('2.1'), NOON),
    );

    expect(noted).toMatchObject({ type: 'thread.message-removed', ts: '2.1' });
  });

  test.each<[string, Given]>([
    ['of a request that nobody knows', []],
    ['where there is no thread', ['request.asked']],
    ['once it is kept', [...DENIED, 'thread.kept']],
    ['a second time', ['request.asked', 'messages.posted', aRecord('thread.message-removed', { ts: '2.1' })]],
  ])('never %s', (_, history) => {
    expect(recordsOf(decideMessageRemoved(stateAfter(...history), removal('2.1'), NOON))).toEqual([]);
  });

  test('a hundred times for one request, and no more: nobody fills a bucket that cannot be emptied', () => {
    const many = Array.from({ length: 100 }, (_, n) => aRecord('thread.message-removed', { ts: `2.${n}` }));
    const state = stateAfter('request.asked', 'messages.posted', ...many);

    expect(recordsOf(decideMessageRemoved(state, removal('3.1'), NOON))).toEqual([]);
  });
});

describe('a seal', () => {
  const waits = (...records: Given) => {
    const request = getRequest(stateAfter(...records), ID);
    if (request === undefined || !isSealable(request)) throw new Error('not ended');
    return waitsForThread(request);
  };

  test.each<[string, Given]>([
    ['was denied', DENIED],
    ['was open and is closed', ['request.asked', 'messages.posted', ...HISTORIES.rotated.slice(1)]],
  ])('of what %s waits half a minute for its thread', (_, history) => {
    expect(waits(...history)).toBe(NOON + 30_000);
  });

  test('waits for nothing where there is no thread, or it is kept', () => {
    expect(waits('request.asked', 'request.denied')).toBeUndefined();
    expect(waits(...DENIED, 'thread.kept')).toBeUndefined();
  });

  test('covers the thread where it was kept before', () => {
    const state = stateAfter(...DENIED, 'thread.kept');

    const decision = decideSeal(state, { request: ID, software: '1.2.3' }, NOON);

    expect(decision).toMatchObject({ records: [{ software: '1.2.3', records: { length: 4 } }] });
  });
});

describe('a sealed request leaves the state', () => {
  const SEALED: Given = ['request.asked', 'messages.posted', 'request.denied', 'request.sealed'];
  const told = aRecord('messages.posted', { messages: [{ key: 'sealed', channel: 'C', ts: '9.1' }] });
  const summary = (upTo: number) => aRecord('summary.written', { upTo });
  const isThere = (...records: Given): boolean => getRequest(stateAfter(...records), ID) !== undefined;

  test('when it is told, its thread is kept and its newest summary is written, and not before', () => {
    const thread: Given = [...SEALED, told, 'thread.kept'];

    expect(isThere(...SEALED, told, summary(4))).toBe(true);
    expect(isThere(...thread)).toBe(true);
    expect(isThere(...thread, summary(4))).toBe(true);
    expect(isThere(...thread, summary(6))).toBe(false);
  });

  test('without a thread where it has none', () => {
    expect(isThere('request.asked', 'request.denied', 'request.sealed', told, summary(3))).toBe(false);
  });

  test('and its thread kept after the seal changes nothing but what its summary has to tell', () => {
    const before = getRequest(stateAfter(...SEALED), ID);

    const after = getRequest(stateAfter(...SEALED, 'thread.kept'), ID);

    expect(before).toMatchObject({ state: 'sealed', summary: { tells: 4, written: null } });
    expect(after).toMatchObject({ state: 'sealed', summary: { tells: 5, written: null } });
  });
});

describe('a written summary', () => {
  const of = (upTo: number) => ({ request: ID, worker: 'w1', upTo, objects: [] });
  const sealed = (): State => stateAfter(...HISTORIES.sealed);

  test('is noted once, and again when it tells more', () => {
    const once = fold(sealed(), written(aRecord('summary.written', { upTo: 3 }), 4));

    expect(recordsOf(decideSummaryWritten(sealed(), of(3), NOON))).toMatchObject([{ upTo: 3 }]);
    expect(recordsOf(decideSummaryWritten(once, of(3), NOON))).toEqual([]);
    expect(recordsOf(decideSummaryWritten(once, of(5), NOON))).toMatchObject([{ upTo: 5 }]);
  });

  test('is nobody’s business before the seal, or of a request that nobody knows', () => {
    const ended = stateAfter(...HISTORIES.ended);

    expect(recordsOf(decideSummaryWritten(ended, of(3), NOON))).toEqual([]);
    expect(recordsOf(decideSummaryWritten(sealed(), { ...of(3), request: NOBODY }, NOON))).toEqual([]);
  });

  test('stands under the number of the commit that it tells up to', () => {
    expect(summaryKey(ID, 20, 'html')).toBe('summary/bg-0000000001/0000000000000020.html');
    expect(besideKey(summaryKey(ID, 20, 'html'), '0123456789abcdef0123')).toBe(
      'summary/bg-0000000001/0000000000000020-0123456789abcdef.html',
    );
  });
});
