import { describe, expect, test } from '@jest/globals';

import type { VersionsPage } from '../../../src/aws/log-bucket.ts';
import { WatchedStore } from '../../../src/cli/serve/watched-store.ts';
import { MemoryLogStore } from '../../../src/log/index.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { codeOf, open, WORKER, note, type TextLog } from '../log/support.ts';

const MINUTE = 60_000;

/** A bucket whose versions can be looked at; what is hidden there is gone for whoever reads. */
class Bucket extends MemoryLogStore {
  readonly looks: (string | undefined)[] = [];
  readonly pages: string[] = [];
  markers: string[] = [];
  strange: string[] = [];
  away = false;

  async hides(after: string | undefined): Promise<boolean> {
    this.looks.push(after);
    if (this.away) throw new Error('away');
    return this.markers.some((key) => key > (after ?? ''));
  }

  /** Two objects a page. */
  async lookAt(after = ''): Promise<VersionsPage> {
    this.pages.push(after);
    if (this.away) throw new Error('away');
    const keys = [...this.objects.keys()].toSorted().filter((key) => key > after);
    const strange = keys.slice(0, 2).find((key) => this.strange.includes(key));
    return { strange, next: keys.length > 2 ? keys[1] : undefined };
  }
}

function watched(fraction = 0) {
  const bucket = new Bucket();
  const clock = new FakeClock();
  return { bucket, clock, store: new WatchedStore(bucket, clock, { fraction: () => fraction }) };
}

const say = (log: TextLog, text: string) => log.append(() => ({ records: [note(text)], result: undefined }));

describe('a bucket that is read', () => {
  test('is looked at once a minute, and only as far back as one answer reaches', async () => {
    const { bucket, clock, store } = watched();

    await store.list('log/0000000000001000');
    await store.list('log/0000000000001001');
    await clock.advance(MINUTE);
    await store.list('log/0000000000001002');
    await clock.advance(MINUTE);
    await store.list('log/0000000000000200');

    expect(bucket.looks).toEqual(['log/0000000000000600', 'log/0000000000000602', undefined]);
  });

  test('is read and written as it is while nothing is hidden', async () => {
    const { bucket, store } = watched();

    const created = await store.createIfAbsent('log/1', Buffer.from('a'));

    expect(created).toBe('created');
    expect(await store.read('log/1')).toEqual(await bucket.read('log/1'));
    expect(await store.list(undefined)).toEqual(['log/1']);
  });

  test('is not believed any more once something before the newest commit is hidden', async () => {
    const { bucket, clock, store } = watched();
    const log = await open(store);
    await say(log, 'a');
    await say(log, 'b');
    bucket.markers = ['log/0000000000000002'];
    await clock.advance(MINUTE);

    const code = await codeOf(log.refresh());

    expect(code).toBe('head-moved-back');
    expect(log.broken?.code).toBe('head-moved-back');
    expect(await codeOf(say(log, 'c'))).toBe('head-moved-back');
  });

  test('gives away whoever has written a hidden commit a second time', async () => {
    const { bucket, clock, store } = watched();
    const late = await open(store);
    await say(await open(bucket, { signer: WORKER }), 'hidden');
    bucket.objects.delete('log/0000000000000002');
    bucket.markers = ['log/0000000000000002'];
    await say(late, 'written in its place');
    await clock.advance(MINUTE);

    const code = await codeOf(late.refresh());

    expect(code).toBe('head-moved-back');
  });

  test('is believed again when the marker is gone, by whoever starts then', async () => {
    const { bucket, clock, store } = watched();
    bucket.markers = ['log/0000000000000001'];
    expect(await codeOf(open(store))).toBe('head-moved-back');
    bucket.markers = [];
    await clock.advance(MINUTE);

    const log = await open(store);

    expect(log.head.commit).toBe(1);
  });

  test('is read on when a look fails, and looked at again a minute later', async () => {
    const { bucket, clock, store } = watched();
    const log = await open(store);
    bucket.away = true;
    await clock.advance(MINUTE);

    await log.refresh();
    await clock.advance(MINUTE);
    await log.refresh();

    expect(bucket.looks).toHaveLength(3);
    expect(log.broken).toBeUndefined();
  });
});

describe('a log that is long', () => {
  const key = (n: number) => `log/${String(n).padStart(16, '0')}`;

  async function long(fraction = 0) {
    const all = watched(fraction);
    for (let n = 1; n <= 5; n += 1) await all.bucket.createIfAbsent(key(n), Buffer.from(`${n}`));
    const minutes = async (count: number) => {
      for (let passed = 0; passed < count; passed += 1) {
        await all.store.list(key(5));
        await all.clock.advance(MINUTE);
      }
    };
    return { ...all, minutes };
  }

  test('is gone through a page a minute, and then again', async () => {
    const { bucket, minutes } = await long();

    await minutes(4);

    expect(bucket.pages).toEqual(['', key(2), key(4), '']);
  });

  test('is gone through from anywhere on', async () => {
    const { bucket, minutes } = await long(0.5);

    await minutes(3);

    expect(bucket.pages).toEqual([key(2), key(4), '']);
  });

  test('is not believed once an old commit is hidden or written twice, until it is as it was', async () => {
    const { bucket, clock, store, minutes } = await long();
    bucket.strange = [key(3)];
    await minutes(1);
    await store.list(key(5)).catch(() => undefined);

    const code = await codeOf(store.list(key(5)));
    bucket.strange = [];
    await clock.advance(MINUTE);
    await store.list(key(5)).catch(() => undefined);

    expect(code).toBe('head-moved-back');
    expect(bucket.pages).toEqual(['', key(2), key(2)]);
    expect(await store.list(key(4))).toEqual([key(5)]);
  });

  test('is read on when such a look fails, and the page is looked at again', async () => {
    const { bucket, minutes } = await long();
    bucket.away = true;

    await minutes(2);

    expect(bucket.pages).toEqual(['', '']);
  });
});
