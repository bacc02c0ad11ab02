import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

// Plain JavaScript because set-up needs it before there is a compiler.
//
// The lock is the highest-numbered file in its folder. Whoever links the next number holds the lock; the highest
// file is never deleted, only marked free, so that a slow contender can never take a number that was used up.
// Holder and contenders must see each other's process ids (not two containers sharing one checkout).

const POLL_MS = 50;
let attempts = 0;

/** Waits for the lock kept in `folder`. A holder that was killed holds nothing. */
export async function acquireLock(folder, { onWait = () => {}, timeoutMs = Infinity } = {}) {
  const giveUpAt = Date.now() + timeoutMs;
  let told = false;
  for (;;) {
    const lock = tryLock(folder);
    if (lock) return lock;
    const pid = holderOf(folder);
    if (Date.now() >= giveUpAt) throw new Error(`${folder} is in use by process ${pid ?? 'unknown'}`);
    if (!told && pid !== undefined) {
      told = true;
      onWait(pid);
    }
    await sleep(POLL_MS);
  }
}

/**
 * Takes the lock kept in `folder` if nobody alive holds it: `{ release, shareWith }`, or undefined. Shared with a child
 * process, it is held until both are gone, so that nobody starts over while an orphan still works.
 */
export function tryLock(folder) {
  mkdirSync(folder, { recursive: true });
  const highest = numbersIn(folder).at(-1) ?? 0;
  if (highest > 0 && liveHolders(join(folder, String(highest))).length > 0) return undefined;

  const mine = highest + 1;
  const path = join(folder, String(mine));
  if (!createWhole(folder, path, holder(process.pid))) return undefined;

  const numbers = numbersIn(folder);
  if (numbers.at(-1) !== mine) {
    rmSync(path, { force: true });
    return undefined;
  }
  for (const number of numbers) if (number < mine) rmSync(join(folder, String(number)), { force: true });
  return {
    release: () => writeFileSync(path, ''),
    shareWith: (pid) => appendFileSync(path, holder(pid)),
  };
}

/** The process that holds the lock kept in `folder`, or undefined. */
export function holderOf(folder) {
  const highest = numbersIn(folder).at(-1);
  if (highest === undefined) return undefined;
  return liveHolders(join(folder, String(highest)))[0];
}

/** One line of a lock file. */
function holder(pid) {
  return `${pid} ${startOf(pid)}\n`;
}

function liveHolders(path) {
  return read(path)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ pid: Number(line.split(' ')[0]), line }))
    .filter(({ pid, line }) => holder(pid) === `${line}\n`)
    .map(({ pid }) => pid);
}

/** A link appears with its content, where a file that is opened and then written is empty for a moment. */
function createWhole(folder, path, content) {
  const draft = join(folder, `draft-${process.pid}-${++attempts}`);
  writeFileSync(draft, content);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** When the process started, in the system's own form, or undefined: its id alone may by now be another's. */
function startOf(pid) {
  if (process.platform === 'linux') {
    const [, afterName] = read(`/proc/${pid}/stat`).split(/\) (?=[^)]*$)/);
    const fields = afterName?.split(' ') ?? [];
    return fields[0] === 'Z' ? undefined : fields[19];
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

function numbersIn(folder) {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .toSorted((a, b) => a - b);
  } catch {
    return [];
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
