import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../src/cli/table.ts';
import { playRow, WEATHER, type RowResult } from './faults/play-row.ts';
import { ROWS } from './faults/rows.ts';
import { exitCode } from './faults/verdict.ts';
import { circumstances, ROOT } from './lib/machine.ts';

const USAGE = `npm run faults [-- --row a,b] [--windows 200] [--seed N] [--json] [--out FILE]
rows: ${ROWS.map(({ name }) => name).join(', ')}`;

/** Plays the rows one after the other. 0: everything held; 1: something did not; 2: not understood; 3: could not look. */
export async function faults(args: readonly string[]): Promise<number> {
  const wanted = read(args);
  if (wanted === undefined) {
    console.error(USAGE);
    return 2;
  }
  const { rows, windows, seed, json, out } = wanted;
  const around = await circumstances();
  const results: RowResult[] = [];
  for (const row of rows) {
    console.error(`${row.name}: begins`);
    try {
      const result = await playRow(row, { windows, seed, say: (line) => console.error(line) });
      for (const finding of result.findings) console.error(`${row.name}: ${finding}`);
      results.push(result);
    } catch (error) {
      console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
  const document = { ...around, parameters: { windows, seed, ...WEATHER }, rows: results };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, text);
  console.log(json ? text : shown(results).join('\n'));
  return exitCode(rows.length, results);
}

function read(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        row: { type: 'string', multiple: true },
        windows: { type: 'string', default: '200' },
        seed: { type: 'string' },
        json: { type: 'boolean', default: false },
        out: { type: 'string', default: join(ROOT, 'bench/results/faults.json') },
      },
    });
    const names = values.row?.flatMap((each) => each.split(','));
    const rows = names === undefined ? ROWS : names.map((name) => ROWS.find((row) => row.name === name));
    const windows = Number(values.windows);
    const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
    const known = rows.filter((row) => row !== undefined);
    if (known.length < rows.length || !(windows >= 1) || !Number.isSafeInteger(seed)) return undefined;
    return { rows: known, windows, seed, json: values.json, out: values.out };
  } catch {
    return undefined;
  }
}

const HEADING = [
  'row',
  'windows',
  'opened',
  'struck',
  'early',
  'p50',
  'p99',
  'max',
  'goal',
  'left open',
  'lost',
  'false',
  'time',
  '',
];

const shown = (results: readonly RowResult[]): string[] =>
  table(
    HEADING,
    results.map(
      ({
        name,
        windows,
        opened,
        struck,
        early,
        latenessMs,
        goal,
        leftOpen,
        recordsLost,
        falseMessages,
        seconds,
        met,
        looked,
      }) => [
        name,
        String(windows),
        String(opened),
        struck.map(({ times }) => times).join(' + ') || '-',
        String(early),
        ms(latenessMs.p50),
        ms(latenessMs.p99),
        ms(latenessMs.max),
        `≤ ${ms(goal)}`,
        String(leftOpen),
        String(recordsLost),
        String(falseMessages),
        `${seconds} s`,
        !met ? 'MISSED' : looked ? 'ok' : 'NOT STRUCK',
      ],
    ),
  );

const ms = (value: number): string => (Number.isNaN(value) ? '-' : `${(value / 1000).toFixed(2)} s`);
