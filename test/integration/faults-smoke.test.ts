import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('../../scripts/faults.mjs', import.meta.url));
const WINDOWS = 6;

type Row = Readonly<{
  name: string;
  windows: number;
  opened: number;
  struck: readonly Readonly<{ what: string; times: number }>[];
  met: boolean;
  looked: boolean;
  leftOpen: number;
  recordsLost: number;
  falseMessages: number;
  findings: readonly string[];
}>;

/** A few windows of these rows; answers what the file of results says. */
async function faults(rows: string): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bg-faults-'));
  const out = join(folder, 'faults.json');
  try {
    const args = [SCRIPT, '--row', rows, '--windows', String(WINDOWS), '--out', out];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], env: environment() });
    const said = text(child.stderr);
    await new Promise((resolve) => child.once('close', resolve));
    const results = await readFile(out, 'utf8').catch(() => undefined);
    if (results === undefined) throw new Error(`no results: ${await said}`);
    return (JSON.parse(results) as { rows: Row[] }).rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What jest needs of Node is not meant for the product. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...rest } = process.env;
  return rest;
}

describe('the fault table, in short', () => {
  test('healthy or with workers killed while windows are due, every window opens and closes, every record is there, and nothing untrue is said', async () => {
    const rows = (await Promise.all(['healthy', 'worker-killed'].map(faults))).flat();

    const wrong = rows.flatMap(({ findings }) => findings).filter((text) => !text.startsWith('evidence'));
    expect(wrong).toEqual([]);
    const nothing = { leftOpen: 0, recordsLost: 0, falseMessages: 0 };
    const held = { windows: WINDOWS, opened: WINDOWS, ...nothing, met: true, looked: true };
    expect(rows).toMatchObject([
      { name: 'healthy', ...held, struck: [] },
      { name: 'worker-killed', ...held },
    ]);
    expect(rows[1]?.struck).toHaveLength(1);
    expect(rows[1]?.struck[0]?.times).toBeGreaterThan(0);
  }, 180_000);
});
