// Runs one command and ends it when whoever started this dies, however it dies: the pipe on stdin then ends.
// Started by guarded.mjs, stdin a pipe that is never written to.
import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { acquireLock } from './lock.mjs';

const GRACE_MS = 2000;
const LOCK_PATIENCE_MS = 5000;

const { command, args, lock, cleanUp } = JSON.parse(process.argv[2]);
// Our own parent handles these and then lets go of the pipe; the command must not be cut off before.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});

if (lock) await acquireLock(lock, { timeoutMs: LOCK_PATIENCE_MS }).catch(leave);

const child = spawn(...withoutOrphans(command, args), { stdio: ['ignore', 'inherit', 'inherit'] });
child.on('error', leave);
child.on('exit', (code, signal) => {
  removeLeftovers();
  process.exit(signal ? 1 : (code ?? 1));
});
process.stdin.on('end', end).on('error', end).resume();
process.on('SIGTERM', end);

function end() {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
}

function leave(error) {
  console.error(error.message);
  removeLeftovers();
  process.exit(1);
}

function removeLeftovers() {
  for (const path of cleanUp) rmSync(path, { recursive: true, force: true });
}

/** Linux itself then ends the command should this process be killed too. Where setpriv cannot, the pipe must do. */
function withoutOrphans(name, values) {
  const dieWithUs = ['--pdeathsig', 'KILL', '--'];
  const able = spawnSync('setpriv', [...dieWithUs, 'true'], { stdio: 'ignore' }).status === 0;
  return able ? ['setpriv', [...dieWithUs, name, ...values]] : [name, values];
}
