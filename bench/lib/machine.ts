import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findRedis } from '../../src/sandbox/programs/find-redis.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What a result depends on besides the code: stands in every file of results. */
export async function circumstances() {
  const { command, args, env } = await findRedis(() => undefined);
  return {
    date: new Date().toISOString(),
    commit: commit(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${process.platform} ${release()} ${process.arch}`,
    },
    versions: {
      node: process.versions.node,
      redis: said(command, [...args, '--version'], env)?.match(/v=(\S+)/)?.[1] ?? 'unknown',
    },
  };
}

/** The commit, with a plus when the tree differs from it; null outside a git checkout. */
function commit(): string | null {
  const head = said('git', ['rev-parse', 'HEAD']);
  if (head === undefined) return null;
  return said('git', ['status', '--porcelain', '--untracked-files=no']) === '' ? head : `${head}+`;
}

function said(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string | undefined {
  try {
    return execFileSync(command, args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...env },
    }).trim();
  } catch {
    return undefined;
  }
}
