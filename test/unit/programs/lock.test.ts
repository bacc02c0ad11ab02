import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acquireLock, holderOf, tryLock } from '../../../src/sandbox/programs/lock.mjs';

const HOLDER = fileURLToPath(new URL('./hold-lock.mjs', import.meta.url));

let folder: string;
let children: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock test '));
  children = [];
});

afterEach(async () => {
  await Promise.all(children.map(kill));
  await rm(folder, { recursive: true });
});

describe('lock', () => {
  test('is refused to a second taker until the first frees it', () => {
    const first = tryLock(folder);
    const refused = tryLock(folder);
    first?.release();
    const second = tryLock(folder);

    expect(first).toBeDefined();
    expect(refused).toBeUndefined();
    expect(second).toBeDefined();
  });

  test('names the process that holds it', () => {
    tryLock(folder);

    expect(holderOf(folder)).toBe(process.pid);
  });

  test('is free once its holder was killed', async () => {
    const child = await holder();

    const before = tryLock(folder);
    await kill(child);
    const after = tryLock(folder);

    expect(before).toBeUndefined();
    expect(after).toBeDefined();
  });

  test('shared with a child, outlives the holder until the child is gone as well', async () => {
    const child = await holder();
    const orphan = await holder(join(folder, 'elsewhere'));
    child.send({ shareWith: orphan.pid });
    await once(child, 'message');

    await kill(child);
    const whileOrphanLives = tryLock(folder);
    await kill(orphan);
    const after = tryLock(folder);

    expect(whileOrphanLives).toBeUndefined();
    expect(after).toBeDefined();
  });

  test('gives up with the holder named when the wait is bounded', async () => {
    const child = await holder();

    const waiting = acquireLock(folder, { timeoutMs: 100 });

    await expect(waiting).rejects.toThrow(`${folder} is in use by process ${child.pid}`);
  });

  test('is taken by exactly one of many at a time, and keeps no files of those before', async () => {
    let inside = 0;
    let mostInside = 0;
    const turn = async () => {
      const lock = await acquireLock(folder);
      mostInside = Math.max(mostInside, ++inside);
      await Promise.resolve();
      inside--;
      lock.release();
    };

    await Promise.all(Array.from({ length: 20 }, turn));

    expect(mostInside).toBe(1);
    expect(await readdir(folder)).toHaveLength(1);
  });
});

async function holder(path = folder): Promise<ChildProcess> {
  const child = fork(HOLDER, [path], { execArgv: [] });
  children.push(child);
  await once(child, 'message');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
