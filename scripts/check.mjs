// npm run check: what takes seconds. Static checks, unit tests and house rules.
import { runAll } from './lib/run-all.mjs';

process.exitCode = await runAll({
  steps: [],
  runs: () => [['test/unit/', 'test/house-rules/']],
});
