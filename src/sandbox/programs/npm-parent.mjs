import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 1000;

/**
 * Under `npm run`: calls `orphaned` once npm is gone. npm that is killed with -9 leaves behind the shell between it and
 * us, which then waits for us to end. Does nothing when npm did not start us; keeps no process alive.
 */
export function whenNpmIsGone(orphaned) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const ancestors = () => `${process.ppid} ${parentOf(process.ppid)}`;
  const before = ancestors();
  const timer = setInterval(() => {
    if (ancestors() === before) return;
    clearInterval(timer);
    orphaned();
  }, LOOK_EVERY_MS).unref();
}

function parentOf(pid) {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)])
        .toString()
        .trim();
    // The name in parentheses may itself hold spaces and parentheses; the parent is the second field after it.
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) (?=[^)]*$)/)[1];
    return afterName?.split(' ')[1];
  } catch {
    return undefined;
  }
}
