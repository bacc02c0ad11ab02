import { whenNpmIsGone } from '../../src/sandbox/programs/npm-parent.mjs';
import { runJest } from './jest.mjs';
import { secondsSince } from './run.mjs';
import { staticChecks } from './static-checks.mjs';

/**
 * Static checks, then `steps` that the tests need (`{ name, run }`), then jest. Says how each went and ends with the
 * closing line. Answers the exit code: 0 only if something was tested and nothing failed.
 */
export async function runAll({ steps, jestArguments }) {
  // jest in turn ends when its channel to this process does.
  whenNpmIsGone(() => process.exit(1));
  const start = performance.now();
  const problems = (await staticChecks(console.log)).map((name) => `${name} failed: see above`);
  const blocked = await firstFailure(steps);
  const tests =
    blocked === undefined ? await runJest(jestArguments()) : { passed: 0, failed: 0, problems: [blocked] };
  problems.push(...tests.problems);
  if (tests.passed + tests.failed === 0 && blocked === undefined) problems.push('no test ran');

  const failed = tests.failed + problems.length;
  console.log(`\nfinished in ${secondsSince(start)}`);
  for (const problem of problems) console.log(`FAILED: ${problem}`);
  console.log(`${tests.passed} passed, ${failed} failed`);
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
