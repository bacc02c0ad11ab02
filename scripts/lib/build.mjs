import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { acquireLock } from '../../src/sandbox/programs/lock.mjs';
import { filesBelow, hashOf, stamp } from './hash.mjs';
import { CACHE, DIST, ROOT, TOOLS } from './paths.mjs';
import { run, secondsSince } from './run.mjs';

const SOURCES = join(ROOT, 'src');
const STAMP = '.built-from';
// What a page or a program reads at run time travels as it is; types and notes stay behind.
const COMPILED = /\.(ts|mts|cts)$/;
const NOTES = /\.md$/;

/** Compiles src/ into dist/ unless dist/ was made from exactly these sources. */
export async function buildIfChanged() {
  if (!isCurrent()) await build({ unlessCurrent: true });
}

/** Compiles src/ into a dist/ that appears whole, in one rename, and holds nothing of an earlier build. */
export async function build({ unlessCurrent = false } = {}) {
  const lock = await acquireLock(join(CACHE, 'locks', 'build'), {
    onWait: (pid) => console.error(`build: waiting for process ${pid}, which is building`),
  });
  try {
    if (!(unlessCurrent && isCurrent())) await buildAlone();
  } finally {
    lock.release();
  }
}

function isCurrent() {
  return stamp(join(DIST, STAMP)) === fingerprint();
}

async function buildAlone() {
  const start = performance.now();
  const drafts = join(CACHE, 'build');
  rmSync(drafts, { recursive: true, force: true });
  mkdirSync(drafts, { recursive: true });
  const draft = mkdtempSync(join(drafts, 'dist-'));
  const from = fingerprint();

  const compiled = await run(process.execPath, [
    TOOLS.tsc,
    '--project',
    join(ROOT, 'tsconfig.build.json'),
    '--noEmitOnError',
    '--outDir',
    draft,
  ]);
  if (!compiled.ok)
    throw new Error(`${compiled.output.trim()}\nbuild: src/ does not compile; dist/ is as it was`);
  copyAssets(draft);
  await noteCommit(draft);
  writeFileSync(join(draft, STAMP), from);

  if (existsSync(DIST)) renameSync(DIST, join(drafts, 'replaced'));
  renameSync(draft, DIST);
  rmSync(drafts, { recursive: true, force: true });
  console.error(`build: dist/ built in ${secondsSince(start)}`);
}

/** For the record of what decided something: only where these sources are those of a commit. */
async function noteCommit(to) {
  const git = (...args) => run('git', ['-C', ROOT, ...args]);
  const changed = await git('status', '--porcelain', '--', 'src', 'package-lock.json');
  const head = await git('rev-parse', '--short=12', 'HEAD');
  if (changed.ok && changed.output.trim() === '' && head.ok)
    writeFileSync(join(to, 'build-commit'), head.output);
}

function copyAssets(to) {
  for (const file of filesBelow(SOURCES)) {
    if (COMPILED.test(file) || NOTES.test(file)) continue;
    const target = join(to, relative(SOURCES, file));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(file, target);
  }
}

function fingerprint() {
  const settings = readdirSync(ROOT).filter(
    (name) => /^tsconfig.*\.json$/.test(name) || name === 'package-lock.json',
  );
  return hashOf([...settings.map((name) => join(ROOT, name)), ...filesBelow(SOURCES)]);
}
