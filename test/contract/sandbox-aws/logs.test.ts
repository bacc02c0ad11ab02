import { FilterLogEventsCommand, type FilterLogEventsCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { type Credentials, errorName, eventually, GROUP, LocalAws } from './local-aws.ts';
import { cut, getPage, LocalEdge } from './local-edge.ts';
import { authorize as authorizeRule } from './rules.ts';

const { logGroup } = AWS_WORLD.flowLogs;
const [ONE, TWO] = AWS_WORLD.networkInterfaces;
const HOST = '203.0.113.7';

let aws: LocalAws;
beforeEach(async () => {
  aws = await LocalAws.start();
});
afterEach(() => aws[Symbol.asyncDispose]());

async function lines(
  input: Partial<FilterLogEventsCommandInput> = {},
  as: Credentials = SANDBOX_CREDENTIALS.admin,
) {
  const command = new FilterLogEventsCommand({ logGroupName: logGroup, ...input });
  const { events = [], nextToken } = await aws.logs(as).send(command);
  return { messages: events.map(({ message }) => message ?? ''), events, nextToken };
}

const write = (message: string, timestamp = 1_000) => aws.part.logFlow('stream', timestamp, message);

describe('a log group', () => {
  test('answers what was written in a time, oldest first, by pages', async () => {
    for (const at of [3_000, 1_000, 2_000, 9_000]) write(`at ${at}`, at);

    const first = await lines({ startTime: 1_000, endTime: 3_000, limit: 2 });
    const second = await lines({ startTime: 1_000, endTime: 3_000, limit: 2, nextToken: first.nextToken });

    expect([first.messages, second.messages]).toEqual([['at 1000', 'at 2000'], ['at 3000']]);
    expect(first.events[0]).toMatchObject({ logStreamName: 'stream', timestamp: 1_000 });
    expect(second.nextToken).toBeUndefined();
  });

  test.each([
    ['[a, b]', ['x 1']],
    ['[a, b, c]', ['x 2 z', 'y 10 z']],
    ['[a = "x", ...]', ['x 1', 'x 2 z']],
    ['[..., c = z]', ['x 2 z', 'y 10 z']],
    ['[a != x, b, c]', ['y 10 z']],
    ['[a = y*, ...]', ['y 10 z']],
    ['[a, b > 2, ...]', ['y 10 z']],
    ['[a, b >= 2, ...]', ['x 2 z', 'y 10 z']],
    ['[a, b < 2, ...]', ['x 1']],
    ['[a, b <= 2, ...]', ['x 1', 'x 2 z']],
    ['', ['x 1', 'x 2 z', 'y 10 z']],
  ])('filters space-delimited events by %s', async (filterPattern, found) => {
    for (const line of ['x 1', 'x 2 z', 'y 10 z']) write(line);

    expect((await lines({ filterPattern })).messages).toEqual(found);
  });

  test('remembers after a restart, and forgets at a reset', async () => {
    write('kept');
    await aws.restart();
    const kept = (await lines()).messages;
    await aws.part.reset();

    expect([kept, (await lines()).messages]).toEqual([['kept'], []]);
  });

  test('shows a record only so long after it was written', async () => {
    aws.faults.set({ 'flowLogs.delayMs': 60_000 });
    write('too new');

    expect((await lines()).messages).toEqual([]);
  });

  test.each([
    ['that does not exist', { logGroupName: '/nowhere' }, 'ResourceNotFoundException'],
    ['by a pattern that is no list', { filterPattern: 'ERROR' }, 'InvalidParameterException'],
    ['by a condition that is none', { filterPattern: '[a = , b]' }, 'InvalidParameterException'],
    ['by two ellipses', { filterPattern: '[..., a, ...]' }, 'InvalidParameterException'],
    ['from a token that is none', { nextToken: 'x' }, 'InvalidParameterException'],
    ['that ends before it begins', { startTime: 2, endTime: 1 }, 'InvalidParameterException'],
    ['of too many', { limit: 10_001 }, 'InvalidParameterException'],
  ])('is not read %s', async (_, input, name) => {
    expect(await errorName(lines(input))).toBe(name);
  });

  test('is read by the worker’s role and not by its user, five times a second', async () => {
    const role = await aws.asWorker();
    const asked = await Promise.all(Array.from({ length: 8 }, () => errorName(lines({}, role))));

    expect(await errorName(lines({}, SANDBOX_CREDENTIALS.worker))).toBe('AccessDeniedException');
    expect(asked.filter((name) => name === undefined).length).toBeGreaterThanOrEqual(5);
    expect(asked).toContain('ThrottlingException');
  });
});

async function authorize(): Promise<string> {
  const rule = await authorizeRule(aws.ec2(await aws.asWorker()), `${HOST}/32`);
  return rule.SecurityGroupRuleId;
}

const revoke = (id: string) => aws.control('rule', { do: 'revoke', group: GROUP, id });

describe('flow logs', () => {
  const flush = (edge: LocalEdge) => edge.part.controls['flow-logs']!({});
  const flows = async (source: string) =>
    (await lines()).messages.map((line) => line.split(' ')).filter((fields) => fields[3] === source);

  test('have each connection of the guarded service, both ways, with what it moved', async () => {
    await using edge = await LocalEdge.start(aws);
    await authorize();
    await edge.listening('requester');
    const socket = await edge.connect('requester');
    await getPage(socket);

    await flush(edge);
    const [there] = await flows(HOST);
    const [back] = await flows(there?.[4] ?? '');

    expect(there).toEqual([
      '2',
      AWS_WORLD.account,
      ONE.id,
      HOST,
      ONE.address,
      String(socket.localPort),
      '8443',
      '6',
      expect.stringMatching(/^[1-9]\d*$/),
      expect.stringMatching(/^[1-9]\d*$/),
      expect.stringMatching(/^\d{10}$/),
      expect.stringMatching(/^\d{10}$/),
      'ACCEPT',
      'OK',
    ]);
    expect(back?.slice(2, 7)).toEqual([ONE.id, ONE.address, HOST, '8443', String(socket.localPort)]);
  });

  test('have one that outlives its rule for as long as it moves something', async () => {
    await using edge = await LocalEdge.start(aws);
    const id = await authorize();
    await edge.listening('requester');
    const socket = await edge.connect('requester');
    await getPage(socket);
    await flush(edge);
    await revoke(id);

    await flush(edge);
    const idle = await flows(HOST);
    await getPage(socket);
    await flush(edge);
    const busy = await flows(HOST);
    socket.destroy();
    await cut(socket);

    expect([idle.length, busy.length]).toEqual([1, 2]);
  });

  test('say of an interface without traffic that there was none, and nothing of the edge’s own probes', async () => {
    await using edge = await LocalEdge.start(aws);
    await authorize();
    await edge.listening('requester');
    await edge.part.probe('requester');

    await flush(edge);

    const found = (await lines()).messages;
    expect(new Set(found.map((line) => line.split(' ')[2]))).toEqual(new Set([ONE.id, TWO.id]));
    expect(found.every((line) => line.endsWith(' - NODATA'))).toBe(true);
  });
});

test('every connection is counted once it is over, too', async () => {
  await using edge = await LocalEdge.start(aws);
  await authorize();
  await edge.listening('requester');
  const socket = await edge.connect('requester');
  socket.destroy();
  await eventually(() => (edge.state('requester').connections === 0 ? true : undefined));

  await edge.part.controls['flow-logs']!({});
  await edge.part.controls['flow-logs']!({});

  const mine = (await lines()).messages.filter((line) => line.includes(` ${HOST} ${ONE.address} `));
  expect(mine).toHaveLength(1);
});
