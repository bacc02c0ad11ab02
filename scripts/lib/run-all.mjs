import { whenNpmIsGone } from '../../src/sandbox/programs/npm-parent.mjs';
import { runJest } from './jest.mjs';
import { secondsSince } from './run.mjs';
import { staticChecks } from './static-checks.mjs';

/**
 * Static checks, then `steps` that the tests need (`{ name, run }`), then jest, once for each of `runs`, which answers the
 * arguments of each. Says how each went and ends with the closing line. Answers the exit code: 0 only if something was tested and nothing failed.
 */
export async function runAll({ steps, runs }) {
  // jest in turn ends when its channel to this process does.
  whenNpmIsGone(() => process.exit(1));
  const start = performance.now();
  const problems = (await staticChecks(console.log)).map((name) => `${name} failed: see above`);
  const blocked = await firstFailure(steps);
  if (blocked !== undefined) problems.push(blocked);
  const counts = { passed: 0, failed: 0 };
  for (const jestArguments of blocked === undefined ? runs() : []) {
    const tests = await runJest(jestArguments);
    counts.passed += tests.passed;
    counts.failed += tests.failed;
    problems.push(...tests.problems);
  }
  if (counts.passed + counts.failed === 0 && blocked === undefined) problems.push('no test ran');

  const failed = counts.failed + problems.length;
  console.log(`\nfinished in ${secondsSince(start)}`);
  for (const problem of problems) console.log(`FAILED: ${problem}`);
  console.log(`${counts.passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Without what a step provides most tests could only fail for that reason, so its one line stands for them. */
async function firstFailure(steps) {
  for (const { name, run } of steps) {
    try {
      await run();
    } catch (error) {
      console.log(error.cause ?? '');
      return `${name}: ${error.message}`;
    }
  }
  return undefined;
}
