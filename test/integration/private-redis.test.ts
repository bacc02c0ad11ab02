import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { CACHE } from '../../src/sandbox/programs/program.ts';
import { startRedis } from '../../src/sandbox/programs/start-redis.ts';

const DIES_WITHIN_MS = 5000;

let folder: string;

beforeEach(async () => {
  await mkdir(CACHE, { recursive: true });
  folder = await mkdtemp(join(CACHE, 'private redis '));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('private Redis', () => {
  test('listens on no port, only on a socket in a folder that nobody else may enter', async () => {
    const redis = await startRedis({ dataDir: join(folder, 'data') });
    const client = new Redis(redis.url);

    const port = await client.config('GET', 'port');
    const mode = (await stat(dirname(redis.url))).mode & 0o777;

    await client.quit();
    await redis.close();
    expect(port).toEqual(['port', '0']);
    expect(mode).toBe(0o700);
  });

  test('keeps what was written across a restart', async () => {
    const first = await startRedis({ dataDir: join(folder, 'data') });
    await withClient(first.url, (client) => client.set('window', 'open'));
    await first.close();

    const second = await startRedis({ dataDir: join(folder, 'data') });
    const kept = await withClient(second.url, (client) => client.get('window'));

    await second.close();
    expect(kept).toBe('open');
  });

  test('refuses a data folder that another Redis is using, and says which process holds it', async () => {
    const first = await startRedis({ dataDir: join(folder, 'data') });

    const second = startRedis({ dataDir: join(folder, 'data') });

    await expect(second).rejects.toThrow(/in use by process \d+/);
    await first.close();
  });

  test('is gone within seconds of its starter being killed, and the next one starts on the same data', async () => {
    const starter = await startElsewhere(join(folder, 'data'));

    process.kill(starter.pid, 'SIGKILL');
    const goneAfterMs = await untilRefused(starter.url);
    const next = await startRedis({ dataDir: join(folder, 'data') });
    const answer = await withClient(next.url, (client) => client.ping());

    await next.close();
    expect(goneAfterMs).toBeLessThan(DIES_WITHIN_MS);
    expect(answer).toBe('PONG');
  });
});

async function withClient<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await work(client);
  } finally {
    await client.quit();
  }
}

/** A process of its own that starts Redis from what was built, and then only waits. */
async function startElsewhere(dataDir: string): Promise<{ pid: number; url: string }> {
  const module = new URL('../../dist/sandbox/programs/start-redis.js', import.meta.url).href;
  const code = `
    const { startRedis } = await import(${JSON.stringify(module)});
    const { writeFileSync } = await import('node:fs');
    const redis = await startRedis({ dataDir: ${JSON.stringify(dataDir)} });
    writeFileSync(1, redis.url);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const [url] = (await once(child.stdout, 'data')) as [Buffer];
  if (child.pid === undefined) throw new Error('did not start');
  return { pid: child.pid, url: String(url) };
}

async function untilRefused(socketPath: string): Promise<number> {
  const start = performance.now();
  while (performance.now() - start < DIES_WITHIN_MS) {
    if (!(await accepts(socketPath))) break;
    await sleep(20);
  }
  return performance.now() - start;
}

async function accepts(path: string): Promise<boolean> {
  const socket = connect({ path });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
