import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';

import { BucketSummaries } from '../../../src/evidence/summaries.ts';
import { toJson } from '../../../src/evidence/to-json.ts';
import { done } from '../../../src/lifecycle/end-early.ts';
import { writeSummary } from '../../../src/lifecycle/write-summary.ts';
import { MemoryLogStore } from '../../../src/log/index.ts';
import { LifecycleWorld, ORIGIN, requestIn } from '../../support/lifecycle-world.ts';
import { aStory, ENDS, sealedStory } from './support.ts';

/** A request that was withdrawn and sealed, and where its summaries go. */
async function sealed() {
  const world = new LifecycleWorld();
  const worker = await world.worker();
  const request = await world.asked();
  await done(await world.desk(), { person: world.maya.identity, request });
  await world.advanced(worker, request);
  const objects = new MemoryLogStore();
  const summaries = new BucketSummaries({ deployment: ORIGIN, log: world.store, objects });
  return { world, worker, request, objects, summaries };
}

const sha256 = (bytes: Uint8Array | undefined): string =>
  createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');

describe('a summary beside the log', () => {
  test('is written for programs and for people, and the log says what was written', async () => {
    const { worker, request, objects, summaries } = await sealed();
    const { tells } = requestIn(worker.log, request, 'sealed').summary;

    await writeSummary(worker, summaries, request);

    const keys = [...objects.objects.keys()];
    const number = String(tells).padStart(16, '0');
    expect(keys).toEqual([`summary/${request}/${number}.json`, `summary/${request}/${number}.html`]);
    expect(requestIn(worker.log, request, 'sealed').summary).toEqual({ tells, written: tells });
    const json = JSON.parse(Buffer.from(objects.objects.get(keys[0]!)!).toString()) as {
      summary: { outcome: string };
      records: { leaf: string; record: { type: string } }[];
    };
    expect(json.summary.outcome).toBe('withdrawn');
    expect(json.records.map(({ record }) => record.type)).toEqual([
      'request.asked',
      'request.withdrawn',
      'request.sealed',
    ]);
  });

  test('is written once: told again there is nothing to do', async () => {
    const { worker, request, objects, summaries } = await sealed();
    await writeSummary(worker, summaries, request);
    objects.weather = { before: () => Promise.reject(new Error('nobody should ask')) };
    const { size } = worker.log.head;

    await writeSummary(worker, summaries, request);
    await writeSummary(worker, summaries, 'bg-nosuch');

    expect(worker.log.head.size).toBe(size);
  });

  test('that somebody else has put there is not vouched for: ours stands beside it', async () => {
    const { request, worker, objects, summaries } = await sealed();
    const number = String(requestIn(worker.log, request, 'sealed').summary.tells).padStart(16, '0');
    const there = Buffer.from('nothing was ever opened');
    objects.objects.set(`summary/${request}/${number}.html`, there);

    await writeSummary(worker, summaries, request);
    const again = await summaries.write(requestIn(worker.log, request, 'sealed'), Number(number));

    const [json, html] = again;
    const ours = objects.objects.get(html?.key ?? '');
    expect(again.map(({ key }) => key)).toEqual([
      `summary/${request}/${number}.json`,
      `summary/${request}/${number}-${html?.sha256.slice(0, 16)}.html`,
    ]);
    expect(again.map(({ sha256 }) => sha256)).toEqual([
      sha256(objects.objects.get(json?.key ?? '')),
      sha256(ours),
    ]);
    expect(Buffer.from(ours ?? '').toString()).toContain('Withdrawn; nothing was opened');
    expect(objects.objects.get(`summary/${request}/${number}.html`)).toBe(there);
    expect(requestIn(worker.log, request, 'sealed').summary.written).toBe(Number(number));
  });

  test('is the same whoever draws it: a second worker finds its own there', async () => {
    const { request, worker, objects, summaries } = await sealed();
    const state = requestIn(worker.log, request, 'sealed');

    const [first, second] = [
      await summaries.write(state, state.summary.tells),
      await summaries.write(state, state.summary.tells),
    ];

    expect(second).toEqual(first);
    expect(objects.objects.size).toBe(2);
  });

  test('that cannot be written is a failure, and the next attempt writes it', async () => {
    const { worker, request, objects, summaries } = await sealed();
    objects.weather = { before: () => Promise.reject(new Error('503')) };
    await expect(writeSummary(worker, summaries, request)).rejects.toThrow('503');
    expect(requestIn(worker.log, request, 'sealed').summary.written).toBeNull();
    objects.weather = {};

    await writeSummary(worker, summaries, request);

    expect(objects.objects.size).toBe(2);
  });
});

test('a summary that a delete marker hides is not vouched for', async () => {
  const { worker, world, request } = await sealed();
  const objects = {
    createIfAbsent: () => Promise.resolve('exists' as const),
    read: () => Promise.resolve(undefined),
  };
  const summaries = new BucketSummaries({ deployment: ORIGIN, log: world.store, objects });

  await expect(writeSummary(worker, summaries, request)).rejects.toThrow('is hidden by a delete marker');
});

describe('the summary for programs', () => {
  test('of what is not sealed says what there is', () => {
    expect(JSON.parse(toJson(aStory('request.asked')))).toMatchObject({
      format: 1,
      summary: null,
      thread: null,
      activity: null,
      records: [{ index: 1, commit: 2, record: { type: 'request.asked' } }],
    });
  });

  test('holds the thread and every record, and says that the log decides', () => {
    const story = sealedStory(...ENDS['closed']!, 'messages.posted');

    const json = JSON.parse(toJson({ ...story, records: [...story.records] })) as { what: string };

    expect(json.what).toContain('the log decides');
    expect(json).toMatchObject({ summary: { outcome: 'closed' } });
  });
});
