import { expect, test } from '@jest/globals';

import { liveState, type Kept } from '../../../src/cli/status/live-state.ts';
import { fold } from '../../../src/domain/fold.ts';
import type { BreakglassRecord } from '../../../src/domain/records.ts';
import { EMPTY, type State } from '../../../src/domain/state.ts';
import { linesOf, STATE_KIND, withLine } from '../../../src/domain/state-json.ts';
import {
  generateKey,
  MemoryLogStore,
  openLog,
  pemSigner,
  snapshotPrefix,
  type LogStore,
  type Role,
} from '../../../src/log/index.ts';
import { eventually } from '../../support/eventually.ts';
import { EVERYTHING } from './a-log.ts';

const ORIGIN = 'prod';
const ASKED = EVERYTHING[0] as Extract<BreakglassRecord, { type: 'request.asked' }>;

/** Counts what is read of the log. */
class Counted extends MemoryLogStore {
  readonly keys: string[] = [];

  override read(key: string): Promise<Uint8Array | undefined> {
    this.keys.push(key);
    return super.read(key);
  }
}

type World = Kept & { readonly store: Counted; readonly kept: Record<Role, MemoryLogStore> };

/** A log of ten requests, each in a commit of its own, written by a role that keeps a snapshot after every fourth. */
async function logOf(by: Role): Promise<World> {
  const signers = {
    bot: pemSigner('bot', ORIGIN, generateKey()),
    worker: pemSigner('worker', ORIGIN, generateKey()),
  };
  const store = new Counted();
  const kept = {
    bot: new MemoryLogStore({}, snapshotPrefix('bot', STATE_KIND)),
    worker: new MemoryLogStore({}, snapshotPrefix('worker', STATE_KIND)),
  };
  const opened = (role: Role) =>
    openLog<State, BreakglassRecord>({
      store,
      signer: signers[role],
      projection: { initial: EMPTY, fold },
      create: { at: ASKED.at, keys: { bot: signers.bot.vkey, worker: signers.worker.vkey } },
      patience: { retryDelaysMs: [], wait: () => Promise.resolve() },
      ...(role === by && {
        snapshots: {
          store: kept[role],
          kind: STATE_KIND,
          every: { commit: 4, size: 1_000 },
          linesOf,
          withLine,
          report: () => undefined,
        },
      }),
    });
  const log = await opened('bot');
  for (let n = 0; n < 10; n += 1) {
    const asked = { ...ASKED, request: `bg-000000000${n}`, delivery: `V${n}` };
    await log.append(() => ({ records: [asked], result: undefined }));
  }
  if (by === 'worker') await opened('worker');
  await eventually('a snapshot', 5_000, () => kept[by].objects.size > 0);
  store.keys.length = 0;
  const beside = (prefix: string): LogStore =>
    prefix === snapshotPrefix('bot', STATE_KIND) ? kept.bot : kept.worker;
  return { store, beside, kept };
}

const requestsOf = ({ requests }: State): string[] => [...requests.keys()].toSorted();
const ALL = Array.from({ length: 10 }, (_, n) => `bg-000000000${n}`);

test.each(['bot', 'worker'] as const)(
  'the log is read from the newest snapshot of the %s on, whoever reads it',
  async (role) => {
    const world = await logOf(role);

    const state = await liveState(world, ORIGIN);

    expect(requestsOf(state)).toEqual(ALL);
    expect(world.store.keys.length).toBeLessThan(ALL.length);
  },
);

test('a snapshot that nobody with a role’s key has made is passed over, and everything is read', async () => {
  const world = await logOf('bot');
  for (const [key, bytes] of world.kept.bot.objects) {
    const forged = Buffer.from(bytes);
    forged[forged.length - 9] = (forged[forged.length - 9] ?? 0) ^ 1;
    world.kept.bot.objects.set(key, forged);
  }

  const state = await liveState(world, ORIGIN);

  expect(requestsOf(state)).toEqual(ALL);
  expect(world.store.keys.length).toBeGreaterThan(ALL.length);
});

test('a log of another deployment, and one that is none, are told apart', async () => {
  const world = await logOf('bot');
  const none = { store: new MemoryLogStore(), beside: world.beside };

  await expect(liveState(world, 'staging')).rejects.toMatchObject({ code: 'other-deployment' });
  expect(requestsOf(await liveState(none, ORIGIN))).toEqual([]);
});
