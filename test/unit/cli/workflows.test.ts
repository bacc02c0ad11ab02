import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { withFolder } from '../config/folders.ts';
import { shell } from './a-log.ts';

describe('workflows check', () => {
  it('finds the examples good and says what they allow', async () => {
    const { exit, out } = await shell(['workflows', 'check']);

    expect(exit).toBe(0);
    expect(out).toMatch(/payments-console +8443 +30m, at most 2h +1 +acm-import/);
    expect(out).toMatch(/\n2 files, no problems$/);
  });

  it('lists every problem of a folder with its place, and exits with 1', async () => {
    await using folder = await withFolder({ 'a.yaml': 'name: a\nport: 1\n', 'b.yaml': 'x: [' });

    const { exit, out } = await shell(['workflows', 'check', folder.path]);

    expect(exit).toBe(1);
    expect(out).toMatch(/a\.yaml:2:1 port is not known here/);
    expect(out).toMatch(/b\.yaml:\d+:\d+ /);
    expect(out).toMatch(/\n2 files, \d+ problems$/);
  });

  it('is JSON for programs', async () => {
    await using folder = await withFolder({ 'a.yaml': 'name: b\n' });

    const good = await shell(['workflows', 'check', '--json'], { BREAKGLASS_WORKFLOWS: 'workflows' });
    const bad = await shell(['workflows', 'check', folder.path, '--json']);

    expect(JSON.parse(good.out)).toMatchObject({
      valid: true,
      problems: [],
      workflows: [
        { name: 'payments-console', hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { name: 'settlement-console' },
      ],
    });
    expect(bad.exit).toBe(1);
    expect(JSON.parse(bad.out)).toMatchObject({ valid: false, workflows: [] });
    expect(JSON.parse(bad.out).problems).toContainEqual({
      file: expect.stringMatching(/a\.yaml$/),
      line: 1,
      column: 7,
      path: 'name',
      text: 'must be "a", as the file is called a.yaml',
    });
  });

  it('has nothing to check without a folder, which is a mistake in the command', async () => {
    expect(await shell(['workflows', 'check', '/nowhere'])).toMatchObject({ exit: 2, out: '' });
  });
});

describe('workflows schema', () => {
  it('prints what the editors use', async () => {
    const { exit, out } = await shell(['workflows', 'schema']);

    expect(exit).toBe(0);
    expect(`${out}\n`).toBe(readFileSync('workflows/workflow.schema.json', 'utf8'));
  });
});
