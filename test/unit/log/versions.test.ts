import { describe, expect, test } from '@jest/globals';
import { LogError } from '../../../src/log/index.ts';
import {
  checkRetention,
  SHOWN_DOUBTS,
  type ObjectLock,
  type ObjectVersion,
  type VersionedStore,
} from '../../../src/log/versions.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const LOCKED: ObjectLock = { mode: 'COMPLIANCE', until: NOW + 30 * DAY };

type Known = Partial<ObjectVersion> & { readonly key: string; readonly lock?: ObjectLock | null };

/** A store that holds these; a lock is the promised one unless it says otherwise, null is none. */
function storeOf(known: readonly Known[]): VersionedStore & { readonly asked: string[] } {
  const asked: string[] = [];
  const locks = new Map(known.map(({ key, versionId = 'v1', lock }) => [`${key} ${versionId}`, lock]));
  return {
    asked,
    async *versions() {
      for (const { lock: _, ...version } of known)
        yield { versionId: 'v1', isDeleteMarker: false, storedAt: NOW, ...version };
    },
    lockOf({ key, versionId }) {
      asked.push(key);
      const lock = locks.get(`${key} ${versionId}`);
      return Promise.resolve(lock === null ? undefined : (lock ?? LOCKED));
    },
  };
}

const check = (known: readonly Known[], retainMs: number | undefined = 30 * DAY) =>
  checkRetention(storeOf(known), { now: NOW, retainMs });

test('every object with one version, locked as promised, is as it must be', async () => {
  const known = Array.from({ length: 40 }, (_, n) => ({ key: `log/${n}` }));

  const report = await check(known);

  expect(report).toEqual({
    holds: true,
    versions: 40,
    locked: 40,
    comparedWithPromise: true,
    lockedUntil: '2026-03-31T12:00:00.000Z',
    ended: 0,
    doubts: [],
    doubtful: 0,
  });
});

test('an empty store has nothing to doubt', async () => {
  const report = await check([]);

  expect(report).toMatchObject({ holds: true, versions: 0 });
  expect(report).not.toHaveProperty('lockedUntil');
});

describe('doubtful is', () => {
  test.each<[string, readonly Known[], string, string]>([
    ['a delete marker', [{ key: 'log/1', isDeleteMarker: true }], 'delete-marker', 'is hidden by a'],
    [
      'a second version',
      [{ key: 'log/1' }, { key: 'log/1', versionId: 'v2' }, { key: 'log/1', versionId: 'v3' }],
      'several-versions',
      'has more than one version',
    ],
    ['no lock', [{ key: 'log/1', lock: null }], 'not-locked', 'is not locked'],
    [
      'a lock that can be lifted',
      [{ key: 'log/1', lock: { ...LOCKED, mode: 'GOVERNANCE' } }],
      'weak-lock',
      'is locked in GOVERNANCE mode',
    ],
    [
      'a lock that ends sooner than promised',
      [{ key: 'log/1', lock: { ...LOCKED, until: NOW + 29 * DAY } }],
      'short-lock',
      'is locked until 2026-03-30T12:00:00.000Z, it was to be until 2026-03-31T12:00:00.000Z',
    ],
  ])('%s', async (_, known, code, text) => {
    const report = await check([{ key: 'log/0' }, ...known, { key: 'log/9' }]);

    expect(report).toMatchObject({ holds: false, doubtful: 1 });
    expect(report.doubts).toEqual([{ code, key: 'log/1', text: expect.stringContaining(`log/1 ${text}`) }]);
  });

  test('a key both hidden and written again, once for each', async () => {
    const { doubts } = await check([
      { key: 'log/1', versionId: 'm', isDeleteMarker: true },
      { key: 'log/1' },
    ]);

    expect(doubts.map(({ code }) => code)).toEqual(['delete-marker', 'several-versions']);
  });

  test('more than is shown, and how many is said', async () => {
    const known = Array.from({ length: 50 }, (_, n) => ({ key: `log/${n}`, lock: null }));

    const { doubts, doubtful } = await check(known);

    expect([doubts.length, doubtful]).toEqual([SHOWN_DOUBTS, 50]);
  });
});

test('a lock that was asked for some minutes before the store took the object is no shorter for it', async () => {
  const report = await check([{ key: 'log/1', lock: { ...LOCKED, until: LOCKED.until - 600_000 } }]);

  expect(report.holds).toBe(true);
});

test('a lock that has ended as promised is counted, not doubted', async () => {
  const ended = { mode: 'COMPLIANCE', until: NOW - DAY };

  const report = await check([{ key: 'log/1', storedAt: NOW - 31 * DAY, lock: ended }]);

  expect(report).toMatchObject({ holds: true, locked: 1, ended: 1 });
});

test('without a promise any lock in compliance mode will do, and the report says so', async () => {
  const known = [{ key: 'log/1', lock: { ...LOCKED, until: NOW + DAY } }];

  const report = await checkRetention(storeOf(known), { now: NOW });

  expect(report).toMatchObject({ holds: true, comparedWithPromise: false });
});

test('a delete marker is not asked for its lock', async () => {
  const store = storeOf([{ key: 'log/1', isDeleteMarker: true }, { key: 'log/2' }]);

  await checkRetention(store, { now: NOW });

  expect(store.asked).toEqual(['log/2']);
});

test('a store that does not answer is no verdict', async () => {
  const failing: VersionedStore = {
    ...storeOf([{ key: 'log/1' }]),
    lockOf: () => Promise.reject(new Error('AccessDenied')),
  };

  const checking = checkRetention(failing, { now: NOW });

  await expect(checking).rejects.toBeInstanceOf(LogError);
  await expect(checking).rejects.toMatchObject({ code: 'store-unavailable' });
});
