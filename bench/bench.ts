import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../src/cli/table.ts';
import type { Benchmark, Figure } from './benchmarks/benchmark.ts';
import { costPerGrant } from './benchmarks/cost-per-grant.ts';
import { logAppend } from './benchmarks/log-append.ts';
import { approveToAuthorized } from './benchmarks/opening.ts';
import { closeCallLateness } from './benchmarks/closing.ts';
import { footprint } from './benchmarks/footprint.ts';
import { memoryPerGrants } from './benchmarks/memory-grants.ts';
import { rebuild } from './benchmarks/rebuild.ts';
import { slashAck } from './benchmarks/slash-ack.ts';
import { logVerify } from './benchmarks/log-verify.ts';
import { massCloseThrottled, massCloseUnlimited } from './benchmarks/mass-close.ts';
import { circumstances, ROOT } from './lib/machine.ts';

const BENCHMARKS: readonly Benchmark[] = [
  approveToAuthorized,
  closeCallLateness,
  massCloseUnlimited,
  massCloseThrottled,
  rebuild,
  footprint,
  memoryPerGrants,
  costPerGrant,
  slashAck,
  logAppend,
  logVerify,
];

const USAGE = `npm run bench [-- --row a,b] [--json] [--out FILE]
rows: ${BENCHMARKS.flatMap(({ names }) => names).join(', ')}`;

/** Measures, one row after the other. 0: measured, whatever the figures; 2: not understood; 3: something could not be measured. */
export async function bench(args: readonly string[]): Promise<number> {
  const wanted = read(args);
  if (wanted === undefined) {
    console.error(USAGE);
    return 2;
  }
  const { rows, json, out } = wanted;
  const around = await circumstances();
  const figures: Figure[] = [];
  let complete = true;
  for (const { names, run } of BENCHMARKS) {
    if (rows !== undefined && !names.some((name) => rows.includes(name))) continue;
    console.error(`${names.join(', ')}: begins`);
    try {
      figures.push(...(await run((line) => console.error(`${names[0]}: ${line}`))));
    } catch (error) {
      complete = false;
      console.error(
        `${names.join(', ')}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    }
  }
  const text = `${JSON.stringify({ ...around, parameters: { rows: rows ?? 'all' }, rows: figures }, null, 2)}\n`;
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, text);
  console.log(json ? text : shown(figures).join('\n'));
  return complete ? 0 : 3;
}

function read(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        row: { type: 'string', multiple: true },
        json: { type: 'boolean', default: false },
        out: { type: 'string', default: join(ROOT, 'bench/results/bench.json') },
      },
    });
    const rows = values.row?.flatMap((each) => each.split(','));
    const known = BENCHMARKS.flatMap(({ names }) => names);
    if (rows?.some((row) => !known.includes(row)) === true) return undefined;
    return { rows, json: values.json, out: values.out };
  } catch {
    return undefined;
  }
}

const shown = (figures: readonly Figure[]): string[] =>
  table(
    ['row', 'value', 'floor', 'ratio', 'goal', ''],
    figures.map(({ name, value, unit, floor, ratio, goal, met }) => [
      name,
      `${value} ${unit}`,
      floor === null ? '' : `${floor} ${unit}`,
      ratio === null ? '' : String(ratio),
      goal,
      met ? 'met' : 'MISSED',
    ]),
  );
