import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { spawnGuarded } from './guarded.mjs';
import { acquireLock, type Lock } from './lock.mjs';
import { CACHE, onPath, type Say } from './program.ts';

const PROGRAMS = join(CACHE, 'programs');
const DPKG_STATUS = '/var/lib/dpkg/status';
const LISTS_FRESH_MS = 12 * 3600 * 1000;

/** `ID` and `ID_LIKE` of /etc/os-release, or nothing where there is none. */
export function distribution(osRelease = readIfThere('/etc/os-release')): {
  id: string;
  debianLike: boolean;
} {
  const value = (key: string) => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? '';
  const names = [value('ID'), ...value('ID_LIKE').split(' ')];
  return { id: value('ID'), debianLike: names.includes('debian') || names.includes('ubuntu') };
}

/** Whether packages of the distribution can be unpacked here without root. */
export function canUnpack(): boolean {
  return distribution().debianLike && onPath(['apt-get']) !== undefined && onPath(['dpkg-deb']) !== undefined;
}

/**
 * The folder below which the distribution's own package `name` and what it needs beyond this system lie unpacked.
 * Fetched once through the system's own package sources and signatures; needs no root and changes nothing outside
 * the checkout. `prepare` may add to the folder, and sees it complete, before anybody else sees it.
 */
export async function unpacked(
  name: string,
  say: Say,
  prepare: (root: string) => Promise<void>,
): Promise<string> {
  const root = join(PROGRAMS, name);
  if (existsSync(root)) return root;

  const lock = await acquireLock(join(PROGRAMS, 'lock'), {
    onWait: (pid) => say(`waiting for process ${pid}, which is fetching programs`),
  });
  try {
    if (existsSync(root)) return root;
    await removeUnfinished();
    const draft = await mkdtemp(join(PROGRAMS, 'unfinished-'));
    await fetchInto(draft, name, say, lock);
    await prepare(join(draft, 'root'));
    await rename(join(draft, 'root'), root);
    await rm(draft, { recursive: true, force: true });
    return root;
  } finally {
    lock.release();
  }
}

/**
 * The environment with which what lies unpacked below `root` finds its libraries: those of the architecture's folder
 * and of the private folders in it, which the system itself would only look for below its own root.
 */
export async function libraryPath(root: string): Promise<Record<string, string>> {
  const libraries = join(root, 'usr/lib');
  const entries = await readdir(libraries, { recursive: true, withFileTypes: true }).catch(() => []);
  const folders = entries
    .filter((entry) => entry.name.includes('.so') && entry.parentPath.includes('-linux-'))
    .map((entry) => entry.parentPath);
  const inherited = process.env['LD_LIBRARY_PATH'];
  return { LD_LIBRARY_PATH: [...new Set(folders), ...(inherited ? [inherited] : [])].join(':') };
}

async function fetchInto(draft: string, name: string, say: Say, lock: Lock): Promise<void> {
  const configuration = await aptConfiguration(name);
  const apt = (args: readonly string[], cwd: string) =>
    run('apt-get', ['-c', configuration, ...args], cwd, lock);

  if (!(await listsAreFresh())) {
    say(`${name}: reading the package lists of ${distribution().id}`);
    await apt(['-qq', 'update'], draft);
  }
  const uris = await apt(['-qq', '--print-uris', '--no-install-recommends', 'install', name], draft);
  const packages = packagesIn(uris);
  if (!packages.includes(name)) throw new Error(`the package sources of this system do not offer ${name}`);

  const downloads = join(draft, 'packages');
  await mkdir(downloads);
  say(
    `${name}: fetching ${packages.length} packages of ${distribution().id} into .cache/programs (no root needed)`,
  );
  await apt(['-qq', 'download', ...packages], downloads);
  for (const file of await readdir(downloads)) {
    await run('dpkg-deb', ['-x', join(downloads, file), join(draft, 'root')], draft, lock);
  }
}

/** Answers what the command printed. Should this process be killed, the command ends too, and keeps the lock till then. */
async function run(command: string, args: readonly string[], cwd: string, lock: Lock): Promise<string> {
  const child = spawnGuarded(command, args, { cwd, env: { ...process.env, LC_ALL: 'C', NODE_OPTIONS: '' } });
  if (child.pid !== undefined) lock.shareWith(child.pid);
  const [printed, said, [code]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'exit'),
  ]);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${said.trim()}`);
  return printed;
}

/** The names in apt's lines `'<address>' <name>_<version>_<architecture>.deb <size> <hash>`. */
export function packagesIn(printedUris: string): string[] {
  return [...printedUris.matchAll(/^'[^']*' ([^_\s]+)_\S*\.deb /gm)].map((match) => match[1] ?? '');
}

/**
 * dpkg's list of what is installed, as if nothing built from the same source as `name` were: a program that is
 * installed where PATH does not lead is fetched whole, with the parts that are packages of their own.
 */
export function statusWithout(name: string, status: string): string {
  const stanzas = status.split(/\n{2,}/);
  const field = (stanza: string, key: string) => new RegExp(`^${key}: (\\S+)`, 'm').exec(stanza)?.[1];
  const source = (stanza: string) => field(stanza, 'Source') ?? field(stanza, 'Package');
  const installed = stanzas.find((stanza) => field(stanza, 'Package') === name);
  if (installed === undefined) return status;
  return stanzas.filter((stanza) => source(stanza) !== source(installed)).join('\n\n');
}

/**
 * The system's sources and keys with every folder that apt writes to moved below `.cache`, and none of the hooks that
 * a system hangs on an update. A file and not options, because only a file can clear a list.
 */
async function aptConfiguration(name: string): Promise<string> {
  const state = join(PROGRAMS, 'apt');
  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(state, 'archives', 'partial'), { recursive: true });
  await writeFile(join(state, 'status'), statusWithout(name, await readFile(DPKG_STATUS, 'utf8')));
  const path = join(state, 'apt.conf');
  await writeFile(
    path,
    [
      '#clear APT::Update::Pre-Invoke;',
      '#clear APT::Update::Post-Invoke;',
      '#clear APT::Update::Post-Invoke-Success;',
      `Dir::State "${state}";`,
      `Dir::State::lists "${join(state, 'lists')}";`,
      `Dir::State::status "${join(state, 'status')}";`,
      `Dir::Cache "${state}";`,
      `Dir::Cache::archives "${join(state, 'archives')}";`,
      'APT::Sandbox::User "";',
      'Debug::NoLocking "1";',
      'Acquire::Retries "3";',
      'Acquire::http::Timeout "30";',
      '',
    ].join('\n'),
  );
  return path;
}

async function listsAreFresh(): Promise<boolean> {
  const lists = join(PROGRAMS, 'apt', 'lists');
  const names = (await readdir(lists).catch(() => [])).filter((name) => name.endsWith('InRelease'));
  const read = await Promise.all(names.map(async (name) => (await stat(join(lists, name))).ctimeMs));
  return read.length > 0 && Date.now() - Math.max(...read) < LISTS_FRESH_MS;
}

async function removeUnfinished(): Promise<void> {
  const names = (await readdir(PROGRAMS)).filter((name) => name.startsWith('unfinished-'));
  await Promise.all(names.map((name) => rm(join(PROGRAMS, name), { recursive: true, force: true })));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
