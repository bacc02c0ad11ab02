import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { findCompiler, findSpin } from '../../src/sandbox/programs/find-spin.ts';
import { ROOT } from '../support/sources.ts';

const run = promisify(execFile);
const FETCHES_WITHIN_MS = 120_000;

type Checked = {
  readonly name: string;
  readonly ok: boolean;
  readonly errors: number;
  readonly states: number;
};
type Report = { readonly models: readonly Checked[]; readonly faults: readonly Checked[] };

/** The smallest size, and one planted fault; `npm run model` checks all of them. */
const check = async (...names: string[]): Promise<Report> => {
  const { stdout } = await run(process.execPath, [
    join(ROOT, 'scripts/model.mjs'),
    '--json',
    '--only',
    names.join(','),
  ]);
  return JSON.parse(stdout) as Report;
};

beforeAll(async () => {
  await findSpin();
  await findCompiler();
}, FETCHES_WITHIN_MS);

describe('the model of open, close and switch', () => {
  let report: Report;

  beforeAll(async () => {
    report = await check('one-worker', 'UNARMED');
  });

  test('holds in every state of its smallest size', () => {
    const { models } = report;

    expect(models).toMatchObject([{ name: 'one-worker', ok: true, errors: 0 }]);
    expect(models[0]?.states).toBeGreaterThan(1_000);
  });

  test('goes red when access is authorized before the switch is armed', () => {
    expect(report.faults).toMatchObject([{ name: 'UNARMED', ok: true, errors: 1 }]);
  });
});

test('a name that is no model fails instead of checking nothing', async () => {
  await expect(check('no-such-model')).rejects.toMatchObject({ code: 1 });
});
