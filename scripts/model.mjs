// npm run model [-- --json] [--only <name>,<name>]: searches every state of the model of open, close, extend, sweep and
// switch, then the same with faults planted, each of which must be found. docs/model.md explains it.
// Exits 0 when everything holds and every fault is found, 1 when not, 3 when there is no Spin or no C compiler.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { checkModel } from './lib/check-model.mjs';
import { definesOf, FAULTS, MODELS } from './lib/models.mjs';
import { CACHE, DIST } from './lib/paths.mjs';
import { secondsSince } from './lib/run.mjs';

const AT_ONCE = 2;
const HOLDS = 0;
const BROKEN = 1;
const NO_CHECKER = 3;

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const wanted = options.only?.split(',');
const isWanted = ({ name }) => wanted === undefined || wanted.includes(name);

process.exitCode = await main();

async function main() {
  const programs = await find();
  if (programs === undefined) return NO_CHECKER;
  const start = performance.now();
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'model-'));
  const models = await each(MODELS.filter(isWanted), async ({ name, says, defines }) => {
    const result = await checkModel(programs, join(folder, name), defines);
    return { name, says, ...result, ok: result.complete && result.errors === 0 };
  });
  const faults = await each(FAULTS.filter(isWanted), async ({ name, says, in: model }) => {
    const result = await checkModel(programs, join(folder, `fault-${name}`), [
      ...definesOf(model),
      `FAULT_${name}`,
    ]);
    return { name, says, in: model, ...result, ok: result.errors > 0 };
  });
  if (models.every(({ ok }) => ok)) await rm(folder, { recursive: true, force: true });
  else console.error(`What led there: cd ${folder}/<model> && spin -Pcat -t -p -g model.pml`);
  if (options.json) console.log(JSON.stringify({ models, faults }, null, 2));
  else print(models, faults, start);
  return models.length + faults.length > 0 && [...models, ...faults].every(({ ok }) => ok) ? HOLDS : BROKEN;
}

async function find() {
  const finder = pathToFileURL(join(DIST, 'sandbox/programs/find-spin.js')).href;
  const { findCompiler, findSpin } = await import(finder);
  try {
    return { spin: await findSpin(), compiler: await findCompiler() };
  } catch (error) {
    if (error.name !== 'ProgramMissing') throw error;
    console.error(error.message);
    return undefined;
  }
}

/** In order, two at a time. */
async function each(items, work) {
  const results = [];
  const waiting = [...items.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

function print(models, faults, start) {
  const rows = [
    ['model', 'states', 'depth', 'seconds', 'MiB', 'errors', ''],
    ...models.map((one) => [
      one.name,
      one.states.toLocaleString('en'),
      String(one.depth),
      one.seconds.toFixed(1),
      String(one.memoryMiB),
      String(one.errors),
      one.ok ? one.says : (one.error ?? 'the search was cut short'),
    ]),
  ];
  table(rows);
  console.log();
  table([
    ['planted fault', 'in', 'seconds', '', ''],
    ...faults.map((one) => [
      one.name,
      one.in,
      one.seconds.toFixed(1),
      one.ok ? 'found' : 'NOT FOUND',
      one.says,
    ]),
  ]);
  const found = faults.filter(({ ok }) => ok).length;
  const held = models.filter(({ ok }) => ok).length;
  console.log(
    `\n${held} of ${models.length} models hold, ${found} of ${faults.length} planted faults found, ${secondsSince(start)}`,
  );
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
}
