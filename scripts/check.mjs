// npm run check: what takes seconds. Static checks, unit tests and house rules.
import { runAll } from './lib/run-all.mjs';

process.exitCode = await runAll({
  steps: [],
  // Some of these wait, so one more at once than there are cores for.
  runs: () => [['--maxWorkers=3', 'test/unit/', 'test/house-rules/']],
});
