import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findRedis } from './find-redis.ts';
import { spawnGuarded } from './guarded.mjs';
import { sayOnStderr, type Say } from './program.ts';

// Linux refuses longer socket paths at 108 bytes, macOS at 104.
const SOCKET_PATH_LIMIT = 103;
const READY_WITHIN_MS = 15_000;
const READY_POLL_MS = 10;
const PING_PATIENCE_MS = 1000;

export interface PrivateRedis {
  /** The socket's absolute path: a form of REDIS_URL that ioredis reads as it is. */
  readonly url: string;
  /** Ends Redis as an operator would; its data stays. */
  close(): Promise<void>;
}

/**
 * A Redis of our own: no port, only a socket in a private folder; append-only file in `dataDir`, which one Redis at a
 * time may use. It ends with this process, however this process ends. Throws ProgramMissing, or Error with what Redis
 * said.
 */
export async function startRedis(options: { dataDir: string; say?: Say }): Promise<PrivateRedis> {
  const program = await findRedis(options.say ?? sayOnStderr);
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  const socketDir = await socketFolder();
  const url = join(socketDir, 'r.sock');
  const settings = {
    port: '0',
    unixsocket: url,
    unixsocketperm: '700',
    dir: dataDir,
    appendonly: 'yes',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
    loglevel: 'warning',
  };
  const guardian = spawnGuarded(
    program.command,
    [...program.args, ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])],
    {
      lock: `${dataDir}.lock`,
      cleanUp: [socketDir],
      // What this process preloads is not meant for the guardian.
      env: { ...process.env, ...program.env, NODE_OPTIONS: '' },
    },
  );
  const said = lastWords(guardian);
  try {
    await ready(guardian, url, said);
  } catch (error) {
    await ended(guardian);
    await rm(socketDir, { recursive: true, force: true });
    throw error;
  }
  return { url, close: () => ended(guardian) };
}

/** mkdtemp makes it 0700: who can open the socket can command Redis. */
async function socketFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bg-'));
  if (Buffer.byteLength(join(folder, 'r.sock')) <= SOCKET_PATH_LIMIT) return folder;
  await rm(folder, { recursive: true });
  return mkdtemp('/tmp/bg-');
}

async function ready(guardian: ChildProcess, socket: string, said: () => string): Promise<void> {
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  while (!(await answersPing(socket))) {
    if (guardian.exitCode !== null) throw new Error(`Redis did not start: ${said()}`);
    if (Date.now() > giveUpAt)
      throw new Error(`Redis did not answer within ${READY_WITHIN_MS / 1000} s: ${said()}`);
    await sleep(READY_POLL_MS);
  }
}

/** False too while Redis is still loading its append-only file. */
async function answersPing(path: string): Promise<boolean> {
  const socket = connect({ path });
  socket.setTimeout(PING_PATIENCE_MS, () => socket.destroy(new Error('no answer')));
  socket.on('end', () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [answer] = await once(socket, 'data');
    return String(answer).startsWith('+PONG');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function ended(guardian: ChildProcess): Promise<void> {
  guardian.stdin?.end();
  if (guardian.exitCode === null && guardian.signalCode === null) await once(guardian, 'exit');
}

function lastWords(guardian: ChildProcess): () => string {
  let text = '';
  for (const stream of [guardian.stdout, guardian.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-2000)));
  }
  return () => text.trim();
}
