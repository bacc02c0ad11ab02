import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { canUnpack, libraryPath, unpacked } from './debian.ts';
import { onPath, ProgramMissing, sayOnStderr, type Program, type Say } from './program.ts';

const run = promisify(execFile);

/** A Redis server: on PATH, or the distribution's own package unpacked into `.cache/`. Throws ProgramMissing. */
export async function findRedis(say: Say = sayOnStderr): Promise<Program> {
  const installed = onPath(['redis-server', 'valkey-server']);
  if (installed) return { command: installed, args: [], env: {} };
  if (!canUnpack()) {
    throw new ProgramMissing(
      'Redis is missing: install redis or valkey (macOS: brew install redis), or set REDIS_URL to a running server.',
    );
  }

  const program = async (root: string): Promise<Program> => ({
    command: join(root, 'usr/bin/redis-server'),
    args: [],
    env: await libraryPath(root),
  });
  const starts = async (root: string) => {
    const { command, env } = await program(root);
    await run(command, ['--version'], { env: { ...process.env, ...env } });
  };
  try {
    return await program(await unpacked('redis-server', say, starts));
  } catch (error) {
    throw new ProgramMissing(
      'Redis is missing and could not be fetched: install it (sudo apt-get install redis-server), or set REDIS_URL to a running server.',
      { cause: error },
    );
  }
}
