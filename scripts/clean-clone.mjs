// npm run clean-clone: what a newcomer gets. Clones HEAD into a folder with a space in its name and runs the README's
// two commands there, in an environment with nothing of this one: an empty home, and a PATH that holds Node, npm and
// basic system tools, so no Redis and no Chromium. Prints time and memory; fails when a command fails.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareEnvironment } from './lib/bare-environment.mjs';
import { watchMemory } from './lib/memory.mjs';
import { ROOT } from './lib/paths.mjs';
import { secondsSince } from './lib/run.mjs';

const COMMANDS = [
  ['npm', 'run', 'demo', '--', '--auto'],
  ['npm', 'test'],
];

const folder = mkdtempSync(join(tmpdir(), 'clean clone '));
const checkout = join(folder, 'check out');
const home = join(folder, 'home');
mkdirSync(home);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

execFileSync('git', ['clone', '--quiet', '--no-hardlinks', ROOT, checkout], { stdio: 'inherit' });
const env = bareEnvironment({ home, tools: join(folder, 'bin') });
const results = [];
for (const command of COMMANDS) results.push(await measured(command));
for (const line of results.map(({ summary }) => summary)) console.log(line);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;

async function measured([name, ...args]) {
  console.log(`\n$ ${[name, ...args].join(' ')}`);
  const start = performance.now();
  const child = spawn(name, args, { cwd: checkout, env, stdio: 'inherit' });
  const memory = watchMemory(child.pid);
  const code = await new Promise((resolve) => child.on('close', resolve));
  const peak = memory.stop();
  const outcome = code === 0 ? 'ok' : `FAILED with exit code ${code}`;
  return {
    ok: code === 0,
    summary: `${[name, ...args].join(' ')}: ${outcome}, ${secondsSince(start)}, ${peak}`,
  };
}
