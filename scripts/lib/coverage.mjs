import { existsSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { filesBelow } from './hash.mjs';
import { DIST, ROOT } from './paths.mjs';

/** Where every branch must be taken by the tests. The one place that says so. */
export const GATED_FOLDERS = ['src/domain', 'src/log', 'src/lifecycle'];

/** The tests that must take them. Measuring costs half as much again, so the others run without. */
export const GATE_TESTS = ['test/unit/', 'test/stories/', 'test/contract/log-store'];

const PERCENT_OF_BRANCHES = 100;

/** What makes jest measure the gated folders and fail below the bound. Meaningful only when all of GATE_TESTS run. */
export function coverageArguments() {
  const measured = GATED_FOLDERS.flatMap((folder) => filesBelow(join(ROOT, folder)))
    .filter((file) => file.endsWith('.ts') && hasCode(file))
    .map((file) => relative(ROOT, file).split(sep).join('/'));
  const thresholds = GATED_FOLDERS.map((folder) => [`./${folder}/`, { branches: PERCENT_OF_BRANCHES }]);
  return [
    '--coverage',
    '--coverageReporters=text',
    ...measured.map((file) => `--collectCoverageFrom=${file}`),
    `--coverageThreshold=${JSON.stringify(Object.fromEntries(thresholds))}`,
  ];
}

/** A file of types alone compiles to nothing; jest would count it as one branch never taken. */
function hasCode(file) {
  const compiled = join(DIST, relative(join(ROOT, 'src'), file).replace(/\.ts$/, '.js'));
  if (!existsSync(compiled)) return true;
  return !/^\s*(export \{\};)?\s*(\/\/# sourceMappingURL=.*)?\s*$/.test(readFileSync(compiled, 'utf8'));
}
