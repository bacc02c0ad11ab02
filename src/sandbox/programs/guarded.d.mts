import type { ChildProcess } from 'node:child_process';

export function spawnGuarded(
  command: string,
  args: readonly string[],
  options?: {
    lock?: string;
    cleanUp?: readonly string[];
    env?: NodeJS.ProcessEnv;
    cwd?: string;
    output?: 'pipe' | number;
  },
): ChildProcess;
