import { spawn } from 'node:child_process';
import { relative } from 'node:path';
import { ROOT, TOOLS } from './paths.mjs';

const NODE_OPTIONS = '--experimental-vm-modules --disable-warning=ExperimentalWarning';
// No test file of `npm test` takes this long; only one that is stuck for good does.
const SILENCE_MS = 240_000;
// The reporter ends a jest that lingers after its last test; this is for one that cannot even do that.
const LINGER_MS = 30_000;
const WATCH_EVERY_MS = 1000;

/**
 * Runs jest under a watchdog, its output on ours. Answers `{ passed, failed, problems }`: counts of tests (a skipped
 * or unfinished test is a failed one, and so is a test file that did not run) and whatever else went wrong, in words.
 * Where no file begins or ends for `silenceMs`, it is stuck.
 */
export async function runJest(args, { silenceMs = SILENCE_MS } = {}) {
  const counts = { passed: 0, failed: 0 };
  const problems = [];
  const running = new Set();
  let finished = false;
  let heardAt = Date.now();

  const child = spawn(process.execPath, [TOOLS.jest, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      NODE_OPTIONS: [process.env.NODE_OPTIONS, NODE_OPTIONS].filter(Boolean).join(' '),
      // The SDK's word on Node versions that this project still supports; the launcher does the same.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
  });
  child.on('message', (message) => {
    heardAt = Date.now();
    if (message.started) running.add(message.started);
    if (message.ended) running.delete(message.ended);
    if (message.counts) Object.assign(counts, message.counts);
    if (message.finished) finished = true;
    if (message.lingering)
      problems.push(`jest did not exit by itself; still open: ${message.lingering.join(', ')}`);
  });
  const watchdog = setInterval(() => {
    const silentMs = Date.now() - heardAt;
    if (silentMs < (finished ? LINGER_MS : silenceMs)) return;
    clearInterval(watchdog);
    const files = [...running].map((path) => relative(ROOT, path));
    problems.push(
      `jest was stuck for ${Math.round(silentMs / 1000)} s in ${files.join(', ') || 'its own shutdown'}`,
    );
    child.kill('SIGKILL');
  }, WATCH_EVERY_MS);

  const code = await new Promise((resolve) => {
    child.on('close', resolve);
    child.on('error', () => resolve(1));
  });
  clearInterval(watchdog);
  if (!finished && problems.length === 0)
    problems.push(`jest ended before its tests did (exit code ${code})`);
  if (finished && code !== 0 && counts.failed === 0 && problems.length === 0) {
    problems.push('jest failed although its tests passed: see its last lines above');
  }
  return { ...counts, problems };
}
