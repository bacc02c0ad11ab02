import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

type Tree = Readonly<Record<string, string>>;
interface Violation {
  readonly from: string;
  readonly rule: string;
}

let folder: string;

beforeEach(async () => {
  await mkdir(join(ROOT, '.cache'), { recursive: true });
  folder = await mkdtemp(join(ROOT, '.cache', 'import-rules-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Something of every folder, for the planted files to import. */
const THERE: Tree = Object.fromEntries(
  [
    'log',
    'domain',
    'ports',
    'lifecycle',
    'aws',
    'queue',
    'slack',
    'http',
    'config',
    'observability',
    'sandbox',
    'cli',
  ]
    .map((name) => `src/${name}/there.ts`)
    .concat('test/there.ts', 'src/sandbox/programs/there.ts')
    .map((path) => [path, 'export interface There { readonly here: true }\nexport const there = 1;\n']),
);

const imports = (specifier: string) => `import { there } from '${specifier}';\nexport const x = there;\n`;
const types = (specifier: string) => `import type { There } from '${specifier}';\nexport type X = There;\n`;
const sdk = (name: string) => `import * as sdk from '${name}';\nexport const x = sdk;\n`;

const PLANTED: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['folders-log', 'src/log/a.ts', types('../domain/there.ts')],
  ['folders-domain', 'src/domain/a.ts', types('../log/there.ts')],
  ['folders-ports', 'src/ports/a.ts', types('../lifecycle/there.ts')],
  ['folders-lifecycle', 'src/lifecycle/a.ts', imports('../aws/there.ts')],
  ['folders-lifecycle', 'src/lifecycle/b.ts', imports('../observability/there.ts')],
  ['folders-observability', 'src/observability/a.ts', types('../ports/there.ts')],
  ['folders-aws', 'src/aws/a.ts', imports('../queue/there.ts')],
  ['folders-aws', 'src/aws/b.ts', imports('../lifecycle/there.ts')],
  ['folders-certificates', 'src/certificates/a.ts', imports('../aws/there.ts')],
  ['folders-incidents', 'src/incidents/a.ts', imports('../slack/there.ts')],
  ['folders-queue', 'src/queue/a.ts', imports('../slack/there.ts')],
  ['folders-http', 'src/http/a.ts', imports('../queue/there.ts')],
  ['folders-slack', 'src/slack/a.ts', imports('../aws/there.ts')],
  ['folders-config', 'src/config/a.ts', imports('../slack/there.ts')],
  ['folders-sandbox', 'src/sandbox/a.ts', types('../domain/there.ts')],
  [
    'slack-calls-lifecycle-only-from-listeners',
    'src/slack/messages/a.ts',
    imports('../../lifecycle/there.ts'),
  ],
  ['sdk-slack', 'src/lifecycle/c.ts', sdk('@slack/web-api')],
  ['sdk-slack', 'src/cli/a.ts', sdk('@slack/bolt')],
  ['sdk-redis', 'src/aws/c.ts', sdk('bullmq')],
  ['sdk-redis', 'src/slack/b.ts', sdk('ioredis')],
  ['sdk-aws', 'src/certificates/b.ts', sdk('@aws-sdk/client-acm')],
  ['sdk-x509', 'src/aws/d.ts', sdk('@peculiar/x509')],
  ['sdk-metrics', 'src/queue/b.ts', sdk('prom-client')],
  ['sdk-logger', 'src/http/b.ts', sdk('pino')],
  ['sdk-yaml', 'src/domain/b.ts', sdk('yaml')],
  ['sdk-commands', 'src/config/b.ts', sdk('commander')],
  ['pure-core', 'src/domain/c.ts', sdk('node:fs')],
  ['pure-core', 'src/lifecycle/d.ts', sdk('node:https')],
  ['nothing-imports-test', 'src/cli/b.ts', imports('../../test/there.ts')],
  ['scripts-know-programs-only', 'scripts/a.mjs', imports('../src/domain/there.ts')],
  ['no-cycles', 'src/aws/e.ts', "import { y } from './f.ts';\nexport const x = () => y;\n"],
  ['no-orphans', 'src/aws/alone.ts', 'export const x = 1;\n'],
  ['resolvable', 'src/aws/g.ts', imports('./nowhere.ts')],
  ['declared', 'src/aws/h.ts', sdk('playwright-core')],
  [
    'folders-log',
    'src/log/b.ts',
    `${imports('../aws/there.ts')}export function f() { using y = x; return y; }\n`,
  ],
  ['folders-log', 'src/log/c.ts', "export { there } from '../aws/there.ts';\n"],
  ['folders-log', 'src/log/d.ts', "export const x = async () => import('../aws/there.ts');\n"],
];

const ALLOWED: Tree = {
  'src/ports/ok.ts': types('../domain/there.ts'),
  'src/lifecycle/ok.ts': imports('../ports/there.ts'),
  'src/slack/listeners/ok.ts': imports('../../lifecycle/there.ts'),
  'src/slack/messages/ok.ts': sdk('@slack/web-api'),
  'src/queue/ok.ts': `${imports('../lifecycle/there.ts')}export { Queue } from 'bullmq';\n`,
  'src/aws/ok.ts': `${imports('../observability/there.ts')}export { ACMClient } from '@aws-sdk/client-acm';\n`,
  'src/cli/ok.ts': imports('../sandbox/there.ts'),
  'src/sandbox/ok.ts': sdk('@slack/web-api'),
  'scripts/ok.mjs': imports('../src/sandbox/programs/there.ts'),
  'test/ok.ts': imports('../src/aws/there.ts'),
};

describe('import rules', () => {
  test('each planted violation is refused under its own rule', async () => {
    const tree = Object.fromEntries(PLANTED.map(([, file, text]) => [file, text]));
    const partner = { 'src/aws/f.ts': "import { x } from './e.ts';\nexport const y = () => x;\n" };

    const violations = await cruise({ ...THERE, ...tree, ...partner });

    const found = new Set(violations.map(({ rule, from }) => `${rule} ${from}`));
    const unseen = PLANTED.map(([rule, from]) => `${rule} ${from}`).filter((planted) => !found.has(planted));
    expect(unseen).toEqual([]);
  });

  test('what the map allows passes', async () => {
    const violations = await cruise({ ...THERE, ...ALLOWED });

    const aboutAllowed = violations.filter(({ from }) => from in ALLOWED);
    expect(aboutAllowed).toEqual([]);
  });
});

/** Runs the project's own rules over a tree that is only there for this. */
async function cruise(tree: Tree): Promise<readonly Violation[]> {
  for (const [path, text] of Object.entries(tree)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const config = join(ROOT, '.dependency-cruiser.mjs');
  const args = [CRUISER, '--config', config, '--output-type', 'json', 'src', 'scripts', 'test'];

  const json = await new Promise<string>((resolve, reject) => {
    const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, NODE_OPTIONS: '' } };
    // Its exit code is the number of violations; only an answer that is not JSON is a failure.
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (stdout.startsWith('{')) resolve(stdout);
      else reject(new Error(`dependency-cruiser gave no report: ${stderr || error?.message}`));
    });
  });
  const report = JSON.parse(json) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  return report.summary.violations.map(({ from, rule }) => ({ from, rule: rule.name }));
}
