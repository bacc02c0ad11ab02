import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { plain, table } from '../../../src/cli/table.ts';
import { shell } from './a-log.ts';

describe('the command line', () => {
  it.each([
    ['--help'],
    ['workflows', '--help'],
    ['workflows', 'check', '--help'],
    ['log', 'verify', '--help'],
    ['log', 'show', '--help'],
    ['status', '--help'],
    ['close', '--help'],
    ['close-all', '--help'],
  ])('explains itself: %s %s %s', async (...args) => {
    const { exit, out, err } = await shell(args.filter(Boolean));

    expect(exit).toBe(0);
    expect(out).toMatch(/^Usage: breakglass/);
    expect(err).toBe('');
  });

  it('lists its exit codes', async () => {
    expect((await shell(['--help'])).out).toContain(
      '0 ok · 1 checked and bad · 2 usage or configuration · 3 could not check',
    );
  });

  it('says its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

    expect(await shell(['--version'])).toMatchObject({ exit: 0, out: version });
  });

  it.each([
    [['open']],
    [['log']],
    [['log', 'verify', '--folders', 'x']],
    [['log', 'show', '--last', '0']],
    [['workflows', 'check', 'a', 'b']],
    [['close']],
    [['close-all', 'bg-0123456789']],
    [['status', '--regions', 'eu-west-1']],
  ])('refuses %j with exit code 2', async (args) => {
    const { exit, out, err } = await shell(args);

    expect(exit).toBe(2);
    expect(out).toBe('');
    expect(err).not.toBe('');
  });

  it('lists all configuration problems with exit code 2', async () => {
    const { exit, err } = await shell(['log', 'verify'], { AWS_ENDPOINT_URL: 'x' });

    expect(exit).toBe(2);
    expect(err.split('\n')).toHaveLength(4);
  });
});

describe('serve', () => {
  it('says what is wrong with the settings and with the workflow files, both at once', async () => {
    const { exit, err } = await shell(['serve', '--role', 'worker'], {
      BREAKGLASS_WORKFLOWS: 'docs/decisions',
      LOG_LEVEL: 'loud',
    });

    expect(exit).toBe(2);
    expect(err).toContain('holds no workflow file');
    expect(err).toContain('LOG_LEVEL must be one of');
  });

  it('says it once when the workflow files alone are wrong to read', async () => {
    const { exit, err } = await shell(['serve', '--role', 'worker'], { BREAKGLASS_AUDIT_CHANNEL: 'x' });

    expect(exit).toBe(2);
    expect(err.match(/BREAKGLASS_AUDIT_CHANNEL must be/g)).toHaveLength(1);
  });
});

describe('a table', () => {
  it('is aligned, whatever people wrote', () => {
    expect(
      table(
        ['a', 'name'],
        [
          ['1', 'Maya'],
          ['22', 'x\u001b[31mred\u001b[0m\n\u202ey'],
        ],
      ),
    ).toEqual(['a   name', '--  ------', '1   Maya', '22  xred y']);
  });

  it('cannot be made to move the cursor', () => {
    expect(plain('a\u001b]0;title\u0007b\r\nc\u2028d')).toBe('ab c d');
  });
});
