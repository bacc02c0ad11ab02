import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { canUnpack, unpacked } from './debian.ts';
import { CACHE, onPath, ProgramMissing, sayOnStderr, type Program, type Say } from './program.ts';

const run = promisify(execFile);

/** A machine may have the C library's headers without a compiler. */
const HEADER = '/usr/include/stdio.h';

/** A C compiler: `args` come before the sources, `libraries` after them. */
export interface Compiler extends Program {
  readonly libraries: readonly string[];
}

/** The model checker Spin: on PATH, or the distribution's own package unpacked into `.cache/`. Throws ProgramMissing. */
export async function findSpin(say: Say = sayOnStderr): Promise<Program> {
  const installed = onPath(['spin']);
  // Something else may be called spin as well.
  if (installed && (await isSpin(installed))) return { command: installed, args: [], env: {} };
  if (!canUnpack()) throw new ProgramMissing('Spin is missing: install it (macOS: brew install spin).');
  const inside = 'usr/bin/spin';
  try {
    const root = await unpacked('spin', say, async (draft) => {
      if (!(await isSpin(join(draft, inside)))) throw new Error('the package has no Spin that starts');
    });
    return { command: join(root, inside), args: [], env: {} };
  } catch (error) {
    throw new ProgramMissing(
      'Spin is missing and could not be fetched: install it (sudo apt-get install spin).',
      { cause: error },
    );
  }
}

/**
 * A C compiler that makes programs which run here: on PATH, or Debian's tcc with the C library's headers, unpacked into
 * `.cache/`. Throws ProgramMissing.
 */
export async function findCompiler(say: Say = sayOnStderr): Promise<Compiler> {
  const installed = ['cc', 'gcc', 'clang'].flatMap((name) => onPath([name]) ?? []);
  for (const command of installed) {
    const compiler = { command, args: [], libraries: [], env: {} };
    if (await compiles(compiler)) return compiler;
  }
  if (!canUnpack()) {
    throw new ProgramMissing(
      'A C compiler is missing: install gcc or clang (macOS: xcode-select --install).',
    );
  }
  try {
    const none = () => Promise.resolve();
    const headers = existsSync(HEADER) ? '/' : await unpacked('libc6-dev', say, none);
    const compiler = await tinyCompiler(await unpacked('tcc', say, none), headers);
    if (!(await compiles(compiler))) throw new Error('the fetched compiler makes no program that runs');
    return compiler;
  } catch (error) {
    throw new ProgramMissing(
      'A C compiler is missing and could not be fetched: install one (sudo apt-get install gcc libc6-dev).',
      { cause: error },
    );
  }
}

/**
 * tcc as it works from anywhere. Nothing is looked for in the system's folders but the C library itself: libc.so of the
 * headers' package is a script that names absolute paths, so what it stands for is given one by one.
 */
async function tinyCompiler(root: string, headers: string): Promise<Compiler> {
  const folders = await readdir(join(headers, 'usr/lib'));
  const architecture = folders.find((name) => name.includes('-linux-')) ?? '';
  const own = join(root, 'usr/lib', architecture, 'tcc');
  const libraries = join(headers, 'usr/lib', architecture);
  const library = ['/', headers]
    .map((top) => join(top, 'lib', architecture, 'libc.so.6'))
    .find((path) => existsSync(path));
  const include = [
    join(own, 'include'),
    join(headers, 'usr/include', architecture),
    join(headers, 'usr/include'),
    // The kernel's headers, where their package is installed and was not fetched.
    join('/usr/include', architecture),
    '/usr/include',
  ];
  const start = ['crt1.o', 'crti.o', 'crtn.o'].map((name) => join(libraries, name));
  return {
    command: join(root, 'usr/bin/tcc'),
    args: [`-B${own}`, '-nostdinc', ...include.flatMap((folder) => ['-isystem', folder]), '-nostdlib'],
    libraries: [...start, library ?? '-lc', join(libraries, 'libc_nonshared.a'), join(own, 'libtcc1.a')],
    env: {},
  };
}

const isSpin = (command: string): Promise<boolean> =>
  run(command, ['-V']).then(
    ({ stdout }) => stdout.includes('Spin Version'),
    () => false,
  );

/** A compiler without the C library's headers, or a stub that asks for an installation, makes nothing. */
async function compiles({ command, args, libraries }: Compiler): Promise<boolean> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'compiler-'));
  try {
    const source = join(folder, 'try.c');
    await writeFile(source, '#include <stdio.h>\nint main(void) { return puts("works") < 0; }\n');
    await run(command, [...args, '-o', join(folder, 'try'), source, ...libraries]);
    return (await run(join(folder, 'try'))).stdout === 'works\n';
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
