import { expect, test } from '@jest/globals';

import { type Queued, RevokeQueue } from '../../../src/aws/revoke-queue.ts';

const rule = (name: string, due: number, more: Partial<Queued> = {}): Queued => ({
  group: name.slice(0, 1),
  ruleId: name,
  due,
  notBefore: 0,
  alone: false,
  doubtful: false,
  ...more,
});

function queueOf(...rules: Queued[]): RevokeQueue<Queued> {
  const queue = new RevokeQueue(() => 0.5);
  for (const each of rules) queue.add(each);
  return queue;
}

const drain = (queue: RevokeQueue<Queued>, now = 0): string[] => {
  const calls: string[] = [];
  for (let next = queue.next(now); next.length > 0; next = queue.next(now))
    calls.push(next.map(({ ruleId }) => ruleId).join(' '));
  return calls;
};

test('takes the group with the most overdue rule first, and all that waits for it', () => {
  const queue = queueOf(rule('a1', 30), rule('b1', 20), rule('a2', 10), rule('c1', 25), rule('b2', 40));

  expect(drain(queue)).toEqual(['a2 a1', 'b1 b2', 'c1']);
});

test('serves groups that are equally overdue in turn', () => {
  const again = rule('a1', 10);
  const queue = queueOf(again, rule('b1', 10));

  queue.next(0);
  queue.add(again);

  expect(drain(queue)).toEqual(['b1', 'a1']);
});

test('puts two hundred rules into a call, the most overdue ones', () => {
  const rules = Array.from({ length: 201 }, (_, index) => rule(`a${index}`, 1_000 - index));

  const calls = drain(queueOf(...rules));

  expect(calls.map((call) => call.split(' ').length)).toEqual([200, 1]);
  expect(calls[1]).toBe('a0');
});

test('sends a rule by itself that is to go alone', () => {
  const queue = queueOf(
    rule('a1', 10, { alone: true }),
    rule('a2', 20),
    rule('a3', 20, { alone: true }),
    rule('a4', 30),
  );

  expect(drain(queue)).toEqual(['a1', 'a2 a4', 'a3']);
});

test('holds back what may not be sent yet, and knows when it may', () => {
  const queue = queueOf(
    rule('a1', 10, { notBefore: 500 }),
    rule('a2', 20),
    rule('b1', 5, { notBefore: 300 }),
  );

  expect(drain(queue, 0)).toEqual(['a2']);
  expect(queue.readyAt()).toBe(300);
  expect(drain(queue, 300)).toEqual(['b1']);
  expect(drain(queue, 500)).toEqual(['a1']);
  expect(queue.readyAt()).toBeUndefined();
});

test('forgets what is taken out', () => {
  const [one, two] = [rule('a1', 10), rule('a2', 10)];
  const queue = queueOf(one, two);

  queue.delete(one);
  queue.delete(one);

  expect([...queue.all()]).toEqual([two]);
});

test('keeps what somebody else has probably revoked apart from the others, which go first', () => {
  const queue = queueOf(
    rule('a1', 10, { doubtful: true }),
    rule('a2', 20),
    rule('a3', 15, { doubtful: true }),
    rule('b1', 12),
  );

  expect(drain(queue)).toEqual(['a2', 'a1 a3', 'b1']);
});

test('begins with any of the groups that have been due for as long', () => {
  const fractions = [0.9, 0.1, 0.5];
  const queue = new RevokeQueue(() => fractions.shift() ?? 0);
  for (const name of ['a1', 'b1', 'c1']) queue.add(rule(name, 10));

  expect(drain(queue)).toEqual(['b1', 'c1', 'a1']);
});
