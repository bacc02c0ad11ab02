// npm test [-- <jest arguments>]: static checks, build, and the tests, or those that are named. The last line is
// always `N passed, N failed`; a failed check and a skipped test count as failed.
import { build } from './lib/build.mjs';
import { coverageArguments, GATED_FOLDERS } from './lib/coverage.mjs';
import { prepare } from './lib/programs.mjs';
import { runAll } from './lib/run-all.mjs';

const selection = process.argv.slice(2);
const everything = selection.length === 0;

process.exitCode = await runAll({
  steps: [
    { name: 'build', run: build },
    { name: 'programs', run: () => prepare(selection) },
  ],
  jestArguments: () => [...selection, ...(everything && GATED_FOLDERS.length > 0 ? coverageArguments() : [])],
});
