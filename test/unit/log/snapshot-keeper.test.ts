import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryLogStore, type Signer } from '../../../src/log/index.ts';
import { snapshotKey } from '../../../src/log/snapshot.ts';
import { BOT, bytesOf, Chains, note, open, say, settle, signerOf, WORKER, type TextLog } from './support.ts';
import { KeptTexts, numbersIn, PREFIX, snapshotStore } from './snapshot-support.ts';

const EVERY_FIVE = { commit: 5, size: 1_000 };

type Process = { readonly log: TextLog; readonly snapshots: KeptTexts };

/** A process of this role with its snapshots in that store. */
async function start(
  log: MemoryLogStore,
  kept: MemoryLogStore,
  { signer = BOT, every = EVERY_FIVE } = {},
): Promise<Process> {
  const snapshots = new KeptTexts(kept, every);
  return { log: await open(log, { signer, snapshots }), snapshots };
}

let said = 0;
/** No two texts are the same: two processes that write the same bytes in the same place are one. */
async function sayMany(log: TextLog, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await say(log, `text ${(said += 1)}`);
}

const written = (commit: number) => ({ event: 'written', commit, bytes: expect.any(Number) });

describe('a snapshot is written', () => {
  test('whenever so many commits have been made, and the next start needs no more than what follows', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    const { log, snapshots } = await start(store, kept);

    await sayMany(log, 4);
    const first = await snapshots.next();
    await sayMany(log, 5);
    const second = await snapshots.next();

    expect([first, second]).toEqual([written(5), written(10)]);
    expect(numbersIn(kept)).toEqual([5, 10]);
    const next = await start(store, kept);
    expect(next.snapshots.events).toEqual([{ event: 'believed', commit: 10 }]);
    expect(next.log.state).toEqual(log.state);
  });

  test('whenever so many records have been, in however few commits', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    const { log, snapshots } = await start(store, kept, { every: { commit: 1_000, size: 30 } });

    for (let i = 0; i < 4; i += 1) {
      await log.append(() => ({ records: Array.from({ length: 10 }, () => note('a')), result: i }));
    }

    expect(await snapshots.next()).toEqual(written(4));
    expect(log.head.size).toBe(41);
  });

  test('every thousand commits unless told otherwise', async () => {
    const chains = await Chains.opened();
    for (let n = 2; n < 1_000; n += 1) await chains.commit([note(`${n}`)]);
    const kept = new KeptTexts(snapshotStore());
    const { store, kind, linesOf, withLine, report } = kept;
    const log = await open(chains.store, { snapshots: { store, kind, linesOf, withLine, report } });
    expect(log.head.commit).toBe(999);

    await say(log, 'the thousandth');

    expect(await kept.next()).toEqual(written(1_000));
  });

  test('for each role by that role', async () => {
    const store = new MemoryLogStore();
    const kept = { bot: snapshotStore('bot'), worker: snapshotStore('worker') };
    const bot = await start(store, kept.bot);
    const worker = await start(store, kept.worker, { signer: WORKER });

    await sayMany(bot.log, 4);
    await bot.snapshots.next();
    await worker.log.refresh();
    await settle();
    expect(numbersIn(kept.worker)).toEqual([]);
    await sayMany(worker.log, 1);
    await worker.snapshots.next();

    expect([numbersIn(kept.bot), numbersIn(kept.worker)]).toEqual([[5], [5]]);
    const key = [...kept.worker.objects.keys()][0]!;
    const mixed = snapshotStore('bot');
    mixed.objects.set(snapshotKey(PREFIX, 5), kept.worker.objects.get(key)!);
    const misled = await start(store, mixed);
    expect(misled.snapshots.events).toMatchObject([{ event: 'skipped', error: { code: 'unknown-key' } }]);
  });
});

describe('of several processes of one role', () => {
  test('the one that commits first from there on writes it, and nobody else', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    const [one, two, three] = [await start(store, kept), await start(store, kept), await start(store, kept)];
    const creates: string[] = [];
    kept.weather = { before: async (call, key) => void (call === 'create' && creates.push(key!)) };

    await sayMany(one.log, 3);
    await sayMany(two.log, 1);
    expect(await two.snapshots.next()).toEqual(written(5));
    await sayMany(three.log, 1);
    await one.log.refresh();
    await sayMany(one.log, 1);
    await settle();

    expect(one.snapshots.events).toEqual([]);
    expect(three.snapshots.events).toEqual([]);
    expect(creates).toEqual([snapshotKey(PREFIX, 5)]);
  });

  test('the others look later, and leave alone what is there', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    const [one, two] = [await start(store, kept), await start(store, kept)];
    const calls: string[] = [];

    await sayMany(one.log, 4);
    await one.snapshots.next();
    kept.weather = { before: async (call) => void calls.push(call) };
    await sayMany(one.log, 2);
    await two.log.refresh();
    await settle();

    expect(calls).toEqual(['list']);
    expect(two.snapshots.events).toEqual([]);
  });

  test('another one writes it when that one died before it could', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    const deaf = snapshotStore();
    deaf.weather = {
      before: (call) => (call === 'create' ? new Promise(() => undefined) : Promise.resolve()),
    };
    const [dying, other] = [await start(store, deaf), await start(store, kept)];

    await sayMany(dying.log, 4);
    await other.log.refresh();
    await settle();
    expect(numbersIn(kept)).toEqual([]);
    await sayMany(other.log, 2);

    expect(await other.snapshots.next()).toEqual(written(5));
  });

  test('two that write at once make one object', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    const [one, two] = [await start(store, kept), await start(store, kept)];
    const writer = await open(store);
    const waiting: (() => void)[] = [];
    kept.weather = {
      before: (call) =>
        call === 'create' ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve(),
    };
    await sayMany(writer, 6);

    await Promise.all([one.log.refresh(), two.log.refresh()]);
    while (waiting.length < 2) await settle();
    waiting.forEach((go) => go());
    await Promise.race([one.snapshots.next(), two.snapshots.next()]);
    await settle();

    expect(numbersIn(kept)).toEqual([5]);
    expect([...one.snapshots.events, ...two.snapshots.events]).toEqual([written(5)]);
  });
});

describe('a long log without snapshots', () => {
  test('gets one as soon as somebody has read it', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    await sayMany(await open(store), 12);

    const { snapshots } = await start(store, kept);

    expect(await snapshots.next()).toEqual(written(10));
  });

  test('is left alone while somebody may still be writing the first', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    await sayMany(await open(store), 5);

    const { snapshots } = await start(store, kept);
    await settle();

    expect(snapshots.events).toEqual([]);
    expect(numbersIn(kept)).toEqual([]);
  });
});

describe('nothing waits for a snapshot, and nothing fails with it', () => {
  test('when it cannot be written: that is reported, and the next one is due soon', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    const { log, snapshots } = await start(store, kept);
    kept.weather = { before: () => Promise.reject(new Error('down')) };

    await sayMany(log, 4);
    expect(await snapshots.next()).toMatchObject({
      event: 'not-written',
      commit: 5,
      error: { message: 'down' },
    });
    kept.weather = {};
    await sayMany(log, 5);

    expect(await snapshots.next()).toEqual(written(10));
  });

  test('when its answer is lost: it is there all the same', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    const { log, snapshots } = await start(store, kept);
    kept.weather = {
      after: async (call) => (call === 'create' ? Promise.reject(new Error('lost')) : undefined),
    };

    await sayMany(log, 4);

    expect(await snapshots.next()).toMatchObject({ event: 'not-written', commit: 5 });
    const next = await start(store, kept);
    expect(next.snapshots.events).toEqual([{ event: 'believed', commit: 5 }]);
  });

  test('when the signing key does not answer', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    const signer: Signer = {
      ...BOT,
      sign: (message) =>
        Buffer.from(message).toString().startsWith('breakglass snapshot')
          ? Promise.reject(new Error('the KMS is away'))
          : BOT.sign(message),
    };
    const { log, snapshots } = await start(store, kept, { signer });

    await sayMany(log, 4);

    expect(await snapshots.next()).toMatchObject({ event: 'not-written', commit: 5 });
    expect(numbersIn(kept)).toEqual([]);
  });

  test('when its place is taken by something else', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    kept.objects.set(snapshotKey(PREFIX, 5), bytesOf('junk'));
    const { log, snapshots } = await start(store, kept);
    expect(await snapshots.next()).toMatchObject({ event: 'skipped', commit: 5 });

    await sayMany(log, 9);

    expect(await snapshots.next()).toEqual(written(10));
    const next = await start(store, kept);
    expect(next.snapshots.events).toEqual([{ event: 'believed', commit: 10 }]);
  });

  test('while one is being written: the next is written after it', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    const { log, snapshots } = await start(store, kept);
    const waiting: (() => void)[] = [];
    kept.weather = {
      before: (call) =>
        call === 'create' ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve(),
    };

    await sayMany(log, 11);
    while (waiting.length === 0) await settle();
    kept.weather = {};
    waiting.forEach((go) => go());
    expect(await snapshots.next()).toEqual(written(5));
    await settle();
    await sayMany(log, 1);

    expect(await snapshots.next()).toEqual(written(10));
  });
});

describe('no snapshot is written', () => {
  test('of a state that is better folded again', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    const { log, snapshots } = await start(store, kept);
    await say(log, 'better folded again');

    await sayMany(log, 9);
    await settle();

    expect(snapshots.events).toEqual([]);
    expect(numbersIn(kept)).toEqual([]);
  });

  test('by a process whose key has been replaced', async () => {
    const [store, kept] = [new MemoryLogStore(), snapshotStore()];
    const { log, snapshots } = await start(store, kept);
    const next = signerOf('bot', 5);
    const replacing = { ...note(''), type: 'log.key-replaced', role: 'bot', key: next.vkey };
    await log.append(() => ({ records: [replacing], result: undefined }));

    await sayMany(await open(store, { signer: next }), 6);
    await log.refresh();
    await settle();

    expect(snapshots.events).toEqual([]);
    expect(numbersIn(kept)).toEqual([]);
  });
});

test('whoever writes and reads when, soon no start has to read much more than lies between two snapshots', async () => {
  const step = fc.record({ who: fc.nat(3), commits: fc.integer({ min: 1, max: 4 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const store = new MemoryLogStore();
      const roles = [
        { signer: BOT, kept: snapshotStore('bot') },
        { signer: WORKER, kept: snapshotStore('worker') },
      ];
      const processes: Process[] = [];
      for (const { signer, kept } of [...roles, ...roles])
        processes.push(await start(store, kept, { signer }));

      for (const { who, commits } of steps) {
        await sayMany(processes[who]!.log, commits);
        for (const { log } of processes) await log.refresh();
        const { commit } = processes[0]!.log.head;
        for (const { kept } of roles) {
          // A quarter more than five, and then what one step brings.
          while (commit - (numbersIn(kept).at(-1) ?? 0) > 7 + 4) await settle();
        }
      }

      for (const { kept, signer } of roles) {
        const { log } = await start(store, kept, { signer });
        expect(log.state).toEqual(processes[0]!.log.state);
        expect([log.head, log.origin]).toEqual([processes[0]!.log.head, processes[0]!.log.origin]);
      }
    }),
    { numRuns: 20 },
  );
});
