import { existsSync, readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../support/sources.ts';

// npm's own commands that need no script of that name.
const BUILT_IN = new Set(['ci', 'install', 'exec', 'audit']);

const read = (path: string) => readFile(join(ROOT, path), 'utf8');

describe('documents', () => {
  test('name only npm scripts that exist', async () => {
    const manifest = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
    const exists = (name: string) => name in manifest.scripts || BUILT_IN.has(name);

    const documents = await documentPaths();
    const named = await Promise.all(
      documents.map(async (path) => ({ path, names: scriptsIn(await read(path)) })),
    );
    const unknown = named.flatMap(({ path, names }) =>
      names.filter((name) => !exists(name)).map((name) => `${path}: ${name}`),
    );

    expect(documents).toContain('README.md');
    expect(unknown).toEqual([]);
  });

  test('begin, in the README, with the demo and the tests', async () => {
    const named = scriptsIn(await read('README.md'));

    expect(named.slice(0, 2)).toEqual(['demo', 'test']);
  });
});

describe('the promises in the README', () => {
  const rows = async () =>
    (await read('README.md'))
      .split('\n')
      .map((line) => /^\|[^|]+\|[^|]+\|(?<tests>[^|]+)\|$/.exec(line)?.groups?.['tests'] ?? '')
      .filter((tests) => tests.includes('`'));

  test('each name tests that exist', async () => {
    const named = (await rows()).map((tests) => [...tests.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));

    const missing = named.flat().filter((path) => !hasTests(path));

    expect(named.length).toBeGreaterThanOrEqual(10);
    expect(missing).toEqual([]);
  });
});

describe('the reader behind this', () => {
  test('sees scripts named as `npm run`, `npm test` or `npm start`', () => {
    const text = 'Run `npm run demo -- --auto`, then npm test.\n\n    npm start\n    npm run clean-clone\n';

    expect(scriptsIn(text)).toEqual(['demo', 'test', 'start', 'clean-clone']);
  });
});

/** A test file without its ending, or a folder with tests in it. */
const hasTests = (path: string): boolean =>
  existsSync(join(ROOT, `${path}.test.ts`)) ||
  (existsSync(join(ROOT, path)) &&
    readdirSync(join(ROOT, path), { recursive: true }).some((name) => String(name).endsWith('.test.ts')));

async function documentPaths(): Promise<string[]> {
  const markdown = async (folder: string) =>
    (await readdir(join(ROOT, folder)))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name));
  return [...(await markdown('.')), ...(await markdown('docs'))];
}

function scriptsIn(text: string): string[] {
  return [
    ...text.matchAll(/\bnpm (?:run (?:-\S+ )*([a-z][\w:-]*)|(test|start|ci|install|exec|audit)\b)/g),
  ].map((match) => match[1] ?? match[2] ?? '');
}
