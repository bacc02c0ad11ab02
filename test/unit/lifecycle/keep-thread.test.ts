import { describe, expect, test } from '@jest/globals';

import { getRequest } from '../../../src/domain/state.ts';
import { done } from '../../../src/lifecycle/end-early.ts';
import { keepThread, noteRemoved } from '../../../src/lifecycle/keep-thread.ts';
import { tell } from '../../../src/lifecycle/tell.ts';
import type { ThreadReader } from '../../../src/ports/thread.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';
import { LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

const CARD = { key: 'card', channel: 'C0INCIDENT', ts: '1.1' };

const reading = (answer: Partial<Awaited<ReturnType<ThreadReader['read']>>> = {}): ThreadReader => ({
  read: () =>
    Promise.resolve({
      channel: CARD.channel,
      thread: CARD.ts,
      messages: [],
      complete: true,
      omitted: 0,
      problem: null,
      ...answer,
    }),
});
const nobodyReads: ThreadReader = { read: () => Promise.reject(new Error('slack is away')) };

/** A request whose card stands in Slack. */
async function carded() {
  const world = new LifecycleWorld();
  const worker = await world.worker();
  const request = await world.asked();
  const desk = await world.desk();
  await tell(desk, { tell: (_, posted) => posted(CARD) }, request);
  const withdrawn = () => done(desk, { person: world.maya.identity, request });
  const removed = (thread = CARD.ts) =>
    noteRemoved(desk, {
      channel: CARD.channel,
      thread,
      ts: '1.5',
      by: { who: 'person', identity: world.maya.identity },
      removedAt: world.clock.now(),
    });
  const count = (type: string) => recordsIn(world.store).filter((record) => record.type === type).length;
  return { world, worker, request, desk, withdrawn, removed, count };
}

describe('keeping a thread', () => {
  test('is done once, when the request has ended, and the seal covers it', async () => {
    const { world, worker, request, desk, withdrawn, count } = await carded();
    await keepThread(desk, nobodyReads, request);
    await withdrawn();

    await keepThread(desk, reading(), request);
    await keepThread(desk, nobodyReads, request);
    await world.advanced(worker, request);

    expect(count('thread.kept')).toBe(1);
    const { sealed, summary } = requestIn(worker.log, request, 'sealed');
    expect(sealed.records).toHaveLength(4);
    expect(summary.tells).toBe(worker.log.head.commit);
    expect(world.events).toContainEqual({ name: 'thread-kept', fields: { request, complete: true } });
  });

  test('by two bots at once is one record', async () => {
    const { world, request, desk, withdrawn, count } = await carded();
    await withdrawn();
    const second = { ...desk, log: await world.log('bot') };

    await Promise.all([desk, second].map((each) => keepThread(each, reading(), request)));

    expect(count('thread.kept')).toBe(1);
  });

  test('of a request that nobody knows is nothing', async () => {
    const { desk } = await carded();

    await expect(keepThread(desk, nobodyReads, 'bg-nosuch')).resolves.toBeUndefined();
  });
});

describe('a seal', () => {
  test('waits half a minute for the thread, and then goes without; what comes later follows it', async () => {
    const { world, worker, request, desk, withdrawn } = await carded();
    await withdrawn();
    const ended = world.clock.now();

    const again = await world.advanced(worker, request);
    await world.clock.advance(30_000);
    await world.advanced(worker, request);
    await desk.log.refresh();
    await keepThread(desk, reading(), request);
    await worker.log.refresh();

    expect(again).toBe(ended + 30_000);
    const sealed = requestIn(worker.log, request, 'sealed');
    expect(sealed.sealed.records).toHaveLength(3);
    expect(sealed.thread.isKept).toBe(true);
    expect(sealed.summary).toEqual({ tells: worker.log.head.commit, written: null });
    expect(worker.log.state.distrust).toBeNull();
  });

  test('does not wait any longer because the clock that dated the end was ahead', async () => {
    const { world, worker, request, withdrawn } = await carded();
    world.clock.jump(3_600_000);
    await withdrawn();
    world.clock.jump(-3_600_000);

    const again = await world.advanced(worker, request);
    await world.clock.advance(30_000);
    await world.advanced(worker, request);

    expect(again).toBe(world.clock.now());
    requestIn(worker.log, request, 'sealed');
  });

  test('is made at once as soon as the thread is kept', async () => {
    const { world, worker, request, desk, withdrawn } = await carded();
    await withdrawn();
    await world.advanced(worker, request);

    await keepThread(desk, reading({ complete: false, problem: 'Slack says not_in_channel' }), request);
    await world.advanced(worker, request);

    requestIn(worker.log, request, 'sealed');
  });
});

describe('a message that somebody removed', () => {
  test('is in the thread that is kept, with who wrote it and when it was removed', async () => {
    const { world, request, desk, withdrawn, removed } = await carded();
    await removed();
    await removed();
    await withdrawn();

    await keepThread(desk, reading(), request);

    const kept = recordsIn(world.store).find((record) => record.type === 'thread.kept');
    expect(kept?.messages).toEqual([
      {
        ts: '1.5',
        by: { who: 'person', identity: world.maya.identity },
        text: '',
        edited: null,
        removedAt: world.clock.now(),
      },
    ]);
  });

  test('from another thread, or from one that has been kept, is none of ours', async () => {
    const { request, desk, withdrawn, removed, count } = await carded();

    await removed('9.9');
    await withdrawn();
    await keepThread(desk, reading(), request);
    await removed();

    expect(count('thread.message-removed')).toBe(0);
    expect(getRequest(desk.log.state, request)).toBeDefined();
  });
});
