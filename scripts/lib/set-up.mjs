import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { spawnGuarded } from '../../src/sandbox/programs/guarded.mjs';
import { acquireLock } from '../../src/sandbox/programs/lock.mjs';
import { buildIfChanged } from './build.mjs';
import { hashOf, stamp } from './hash.mjs';
import { CACHE, ROOT } from './paths.mjs';
import { secondsSince } from './run.mjs';

const STAMP = join(ROOT, 'node_modules', '.installed-lockfile');

/** Installs what package-lock.json names, unless exactly that is installed, and with `build` makes dist/ current. */
export async function setUp({ build }) {
  if (!isInstalled()) {
    const lock = await acquireLock(join(CACHE, 'locks', 'install'), {
      onWait: (pid) => console.error(`set-up: waiting for process ${pid}, which is installing`),
    });
    try {
      if (!isInstalled()) await install(lock);
    } finally {
      lock.release();
    }
  }
  if (build) await buildIfChanged();
}

/** Some dependencies are compiled for one system, so a checkout shared by two systems installs again. */
function wanted() {
  return `${process.platform} ${process.arch} ${hashOf([join(ROOT, 'package-lock.json')])}\n`;
}

function isInstalled() {
  return stamp(STAMP) === wanted();
}

async function install(lock) {
  const start = performance.now();
  console.error('set-up: installing dependencies (npm ci)');
  rmSync(STAMP, { force: true });
  const code = await npm(lock, [
    'ci',
    // A production setting in somebody's environment must not leave out the compiler.
    '--include=dev',
    // Nothing here needs one, and older versions of npm do not ask before they run them.
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    // The home folder is not ours to fill.
    `--cache=${join(CACHE, 'npm')}`,
  ]);
  if (code !== 0) throw new Error(`set-up: npm ci failed with exit code ${code}`);
  writeFileSync(STAMP, wanted());
  console.error(`set-up: dependencies installed in ${secondsSince(start)}`);
}

async function npm(lock, args) {
  const [command, ...leading] = npmCommand();
  // Two installations at once would spoil node_modules: one that was killed must be gone before the next begins.
  const child = spawnGuarded(command, leading.concat(args), { cwd: ROOT, output: 2 });
  lock.shareWith(child.pid);
  const [code] = await once(child, 'exit');
  return code;
}

/** The npm that runs us, or the one beside this Node, or the one on PATH. */
function npmCommand() {
  const beside = join(dirname(process.execPath), 'npm');
  if (process.env.npm_execpath?.endsWith('.js')) return [process.execPath, process.env.npm_execpath];
  return [existsSync(beside) ? beside : 'npm'];
}
