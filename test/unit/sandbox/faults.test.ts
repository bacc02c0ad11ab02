import { describe, expect, test } from '@jest/globals';
import { Faults, randomWithin } from '../../../src/sandbox/faults.ts';
import { ControlError } from '../../../src/sandbox/part.ts';

describe('set', () => {
  test('replaces the named faults, keeps the others, and clears with null', () => {
    const faults = new Faults();
    faults.set({ 's3.down': true, 'aws.latencyMs': 30 });

    const all = faults.set({ 'aws.latencyMs': 50, 's3.down': null });

    expect(all).toEqual({ 'aws.latencyMs': 50 });
    expect(faults.get('s3.down')).toBeUndefined();
  });

  test.each([
    ['an unknown name', { 'aws.explode': true }],
    ['a setting of the wrong type', { 'aws.latencyMs': 'slow' }],
    ['a negative time', { 'aws.latencyMs': -1 }],
    ['a range the wrong way round', { 'edge.lagMs': [500, 100] }],
    ['false for a switch that null clears', { 's3.down': false }],
    ['a member that does not exist', { 'aws.fail': { action: 'x', code: 'y', count: 1, also: 1 } }],
  ])('refuses %s and then changes nothing', (_what, changes) => {
    const faults = new Faults();
    faults.set({ 'slack.down': true });

    expect(() => faults.set({ 'slack.latencyMs': 5, ...changes })).toThrow(ControlError);
    expect(faults.all()).toEqual({ 'slack.down': true });
  });
});

describe('take', () => {
  test('uses a counted fault up and then it is gone', () => {
    const faults = new Faults();
    faults.set({ 'aws.fail': { action: 'ec2:*', code: 'InternalError', count: 2 } });
    const candidates = ['DescribeSecurityGroups', 'ec2:*'];

    const taken = [1, 2, 3].map(() => faults.take('aws.fail', candidates)?.code);

    expect(taken).toEqual(['InternalError', 'InternalError', undefined]);
    expect(faults.all()).toEqual({});
  });

  test('leaves the faults of other actions alone', () => {
    const faults = new Faults();
    const other = { action: 'PutObject', code: 'SlowDown', count: 1 };
    faults.set({ 'aws.fail': [other, { action: 'GetObject', code: 'InternalError', count: 1 }] });

    faults.take('aws.fail', ['GetObject']);

    expect(faults.take('aws.fail', ['HeadObject'])).toBeUndefined();
    expect(faults.all()).toEqual({ 'aws.fail': other });
  });

  test('names Slack methods for its rate limit', () => {
    const faults = new Faults();
    faults.set({ 'slack.rateLimit': { method: 'chat.update', count: 1, retryAfter: 3 } });

    expect(faults.take('slack.rateLimit', ['chat.postMessage'])).toBeUndefined();
    expect(faults.take('slack.rateLimit', ['chat.update'])?.retryAfter).toBe(3);
  });
});

test('every change is told, also one that comes of using a fault up', () => {
  const faults = new Faults();
  const told: unknown[] = [];
  const stop = faults.onChange((all) => told.push(all));

  faults.set({ 'aws.lose': { action: 'x', count: 1 } });
  faults.take('aws.lose', ['x']);
  stop();
  faults.set({ 's3.down': true });

  expect(told).toEqual([{ 'aws.lose': { action: 'x', count: 1 } }, {}]);
});

test('what is read is a copy: changing it changes nothing', () => {
  const faults = new Faults();
  faults.set({ 'edge.lagMs': [1, 2] });

  (faults.all()['edge.lagMs'] as number[])[0] = 99;

  expect(faults.get('edge.lagMs')).toEqual([1, 2]);
});

test('a random time lies within its range, and is none without one', () => {
  const times = Array.from({ length: 100 }, () => randomWithin([10, 20]));

  expect(times.every((time) => time >= 10 && time <= 20)).toBe(true);
  expect(new Set(times).size).toBeGreaterThan(50);
  expect(randomWithin(undefined)).toBe(0);
});
