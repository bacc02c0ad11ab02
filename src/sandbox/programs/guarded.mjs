import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const GUARDIAN = fileURLToPath(new URL('./guardian.mjs', import.meta.url));

/**
 * Starts a command that ends within seconds of this process, however this process ends. What is answered is its
 * guardian, a ChildProcess: ending its stdin (or SIGTERM) ends the command, its output and exit code are the command's.
 * `lock`: a folder whose lock it holds meanwhile. `cleanUp`: paths removed after it.
 */
export function spawnGuarded(
  command,
  args,
  { lock, cleanUp = [], env = process.env, cwd, output = 'pipe' } = {},
) {
  return spawn(process.execPath, [GUARDIAN, JSON.stringify({ command, args, lock, cleanUp })], {
    cwd,
    stdio: ['pipe', output, output],
    // A group of its own: Ctrl-C reaches this process alone, which may still need the command to finish its work.
    detached: true,
    env,
  });
}
