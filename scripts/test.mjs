// npm test [-- <jest arguments>]: static checks, build, and the tests, or those that are named. The last line is
// always `N passed, N failed`; a failed check and a skipped test count as failed.
import { build } from './lib/build.mjs';
import { coverageArguments, GATE_TESTS } from './lib/coverage.mjs';
import { prepare } from './lib/programs.mjs';
import { runAll } from './lib/run-all.mjs';

const selection = process.argv.slice(2);

process.exitCode = await runAll({
  steps: [
    { name: 'build', run: build },
    { name: 'programs', run: () => prepare(selection) },
  ],
  runs: () => (selection.length > 0 ? [selection] : [gate(), rest()]),
});

/** With the measured coverage. */
function gate() {
  return [...GATE_TESTS, ...coverageArguments()];
}

/** Most of these wait for deadlines, so one more at once than there are cores for. */
function rest() {
  return ['--maxWorkers=3', ...GATE_TESTS.map((pattern) => `--testPathIgnorePatterns=<rootDir>/${pattern}`)];
}
