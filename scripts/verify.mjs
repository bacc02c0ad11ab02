// npm run verify: the long form of what npm test plays briefly. Thousands of random histories, a sample of kills, and the
// model. PROPERTY_RUNS and KILL_SWEEP_POINTS change how many, PROPERTY_SEED and KILL_SWEEP_SEED play the same again.
import { build } from './lib/build.mjs';
import { runJest } from './lib/jest.mjs';
import { prepare } from './lib/programs.mjs';
import { run, secondsSince } from './lib/run.mjs';

/** Its tests are few and long, and each has a bound of its own; this is for one that hangs outside of them. */
const LONGEST_MS = 2 * 60 * 60_000;

const start = performance.now();
const problems = [];

await build();
await prepare([]);

process.env.PROPERTY_RUNS ??= '2000';
process.env.KILL_SWEEP_POINTS ??= '40';
const tests = await runJest(['test/faults/'], { silenceMs: LONGEST_MS });
problems.push(...tests.problems);

const model = await run(process.execPath, ['scripts/model.mjs']);
console.log(model.output);
if (!model.ok) problems.push('the model does not hold');

console.log(`\nverified in ${secondsSince(start)}`);
for (const problem of problems) console.log(`FAILED: ${problem}`);
console.log(`${tests.passed} passed, ${tests.failed + problems.length} failed`);
process.exitCode = tests.failed + problems.length === 0 ? 0 : 1;
