import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './paths.mjs';

const run = promisify(execFile);

const SOURCE = join(ROOT, 'model', 'window.pml');
const MEMORY_MIB = 1_500;
const DEPTH = 100_000;
/** An exhaustive search takes seconds; a machine may be busy. */
const LIMIT_MS = 600_000;
/** Everything promised is an assertion. No partial order reduction: nearly every step is seen by a promise, it saves nothing. */
const VERIFIER = ['-DSAFETY', '-DNOREDUCE', '-DCOLLAPSE', `-DMEMLIM=${MEMORY_MIB}`, '-DVECTORSZ=2048'];

/**
 * Searches every state of one size of the model, in a folder of its own: `{ states, depth, seconds, memoryMiB, errors, complete, error }`; `error`
 * is what the checker says of the first. Stops at the first error.
 */
export async function checkModel({ spin, compiler }, folder, defines) {
  const start = performance.now();
  await mkdir(folder, { recursive: true });
  const inFolder = (program, args) => {
    const { command, args: first = [], env } = program;
    return run(command, [...first, ...args], {
      cwd: folder,
      env: { ...process.env, ...env },
      timeout: LIMIT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
  };
  // Spin would ask a shell for gcc as its preprocessor; this works with any compiler and any path.
  const source = await inFolder(compiler, [
    '-E',
    '-P',
    '-x',
    'c',
    ...defines.map((define) => `-D${define}`),
    SOURCE,
  ]);
  await writeFile(join(folder, 'model.pml'), source.stdout);
  await inFolder(spin, ['-Pcat', '-a', 'model.pml']);
  await inFolder(compiler, ['-O2', ...VERIFIER, '-o', 'pan', 'pan.c', ...compiler.libraries]);
  const { stdout } = await inFolder({ command: join(folder, 'pan') }, [`-m${DEPTH}`]);
  return { ...readReport(stdout), seconds: (performance.now() - start) / 1000 };
}

/** What Spin's verifier prints, as numbers. A search that was cut short proves nothing. */
export function readReport(report) {
  const number = (pattern) => Number(pattern.exec(report)?.[1] ?? Number.NaN);
  return {
    states: number(/^\s*(\d+) states, stored/m),
    depth: number(/depth reached (\d+)/),
    errors: number(/errors: (\d+)/),
    memoryMiB: Math.round(number(/^\s*([\d.]+)\s+total actual memory usage/m)),
    complete: !/Search not completed|max search depth too small|out of memory|hit memory limit/i.test(report),
    error: /^pan:\d+: (.*?)(?: \(at depth \d+\))?$/m.exec(report)?.[1] ?? null,
  };
}
