import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrailEvent } from '../../../src/sandbox/aws/cloudtrail/event.ts';
import { Trail } from '../../../src/sandbox/aws/cloudtrail/trail.ts';

const REGION = 'eu-west-1';
const ACCOUNT = '111122223333';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-trail-'));
  path = join(folder, 'cloudtrail.jsonl');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function event(number: number): TrailEvent {
  const record = {
    eventID: `e-${number}`,
    eventName: 'CreateNetworkAclEntry',
    eventSource: 'ec2.amazonaws.com',
    awsRegion: REGION,
    recipientAccountId: ACCOUNT,
  };
  return { sequence: number, at: number, username: 'noor.haddad', resources: [], record };
}

const idsOf = (trail: Trail) =>
  trail.events(ACCOUNT, REGION, Number.MAX_VALUE).map(({ record }) => record.eventID);

test('events of another account or Region are not shown', async () => {
  const trail = await Trail.load(path);

  trail.add(event(1));

  expect(trail.events('444455556666', REGION, 9)).toEqual([]);
  expect(trail.events(ACCOUNT, 'us-east-1', 9)).toEqual([]);
  expect(idsOf(trail)).toEqual(['e-1']);
  await trail.settled();
});

test('events go on in their order after a restart', async () => {
  const before = await Trail.load(path);
  before.add(event(1));
  before.add(event(1));
  await before.settled();

  const after = await Trail.load(path);
  after.add({ ...event(1), record: { ...event(1).record, eventID: 'newest' } });

  expect(idsOf(after)).toEqual(['newest', 'e-1', 'e-1']);
  await after.settled();
});

test('a history that has grown too long keeps its newer half, in memory and on disk', async () => {
  const lines = Array.from({ length: 20_001 }, (_, index) => `${JSON.stringify(event(index + 1))}\n`);
  await writeFile(path, lines.join(''));

  const trail = await Trail.load(path);
  await trail.settled();

  const ids = idsOf(trail);
  const stored = (await readFile(path, 'utf8')).trimEnd().split('\n');
  expect([ids.length, ids[0], ids.at(-1)]).toEqual([10_000, 'e-20001', 'e-10002']);
  expect(stored).toHaveLength(10_000);
});
