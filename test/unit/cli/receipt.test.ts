import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import type { BreakglassRecord, RequestSealed, Summary } from '../../../src/domain/records.ts';
import { aLog, EVERYTHING, REQUEST, shell } from './a-log.ts';

const [sealed] = EVERYTHING.filter((record): record is RequestSealed => record.type === 'request.sealed');
const unsealed = EVERYTHING.filter(({ type }) => type !== 'request.sealed');
const withSummary = (change: Partial<Summary>): BreakglassRecord => ({
  ...sealed!,
  summary: { ...sealed!.summary, ...change },
});

/** Writes the receipt of the request into a file of the log's folder, and answers its path. */
async function receiptIn({ folder }: { folder: string }): Promise<string> {
  const file = join(folder, 'receipt.tlog-proof');
  const { exit, err } = await shell(['log', 'receipt', REQUEST, '--folder', folder, '--out', file]);
  if (exit !== 0) throw new Error(err);
  return file;
}
const verified = (file: string, key: string, ...more: string[]) =>
  shell(['log', 'verify-receipt', file, '--worker-key', key, ...more]);

describe('log receipt', () => {
  it('writes one file that a public key verifies, with the whole end of the request', async () => {
    await using log = await aLog(EVERYTHING);
    const file = await receiptIn(log);

    const { exit, out } = await verified(file, log.keys.worker);

    expect(exit).toBe(0);
    expect(out).toMatch(/^VALID /);
    expect(out).toContain(`request  ${REQUEST}: closed`);
    expect(out).toContain('asked by Maya Okafor (U0MAYA0001)');
    expect(out).toContain('approved Jonas Lind (U0JONAS001)');
    expect(out).toContain('for      tcp 8443 from 203.0.113.7/32');
    expect(out).toContain('closed   2026-03-01T12:00:28.300Z, 0.30 s after the deadline');
    expect(out).toContain('rotated  0A to 0B');
    expect(out).not.toContain('\u001b');
    expect(out).not.toContain('\u202e');
  });

  it('prints the same on standard output', async () => {
    await using log = await aLog(EVERYTHING);
    const file = await receiptIn(log);

    const { exit, out } = await shell(['log', 'receipt', REQUEST, '--folder', log.folder]);

    expect(exit).toBe(0);
    expect(`${out}\n`).toBe(await readFile(file, 'utf8'));
  });

  it('overwrites nothing', async () => {
    await using log = await aLog(EVERYTHING);
    const file = await receiptIn(log);

    const { exit, err } = await shell(['log', 'receipt', REQUEST, '--folder', log.folder, '--out', file]);

    expect(exit).toBe(2);
    expect(err).toContain('is there already');
  });

  it.each<[string, readonly BreakglassRecord[], string]>([
    ['of a request that is not sealed', unsealed, 'is not sealed yet'],
    ['of a request that is not there', [], 'has no record of'],
  ])('gives none %s', async (_, records, why) => {
    await using log = await aLog(records);

    const { exit, err } = await shell(['log', 'receipt', REQUEST, '--folder', log.folder]);

    expect(exit).toBe(1);
    expect(err).toContain(why);
  });

  it('gives none of a record that the bot has signed', async () => {
    await using log = await aLog([sealed!], 'bot');

    const { exit, err } = await shell(['log', 'receipt', REQUEST, '--folder', log.folder]);

    expect(exit).toBe(1);
    expect(err).toContain('is not sealed yet');
  });

  it('gives none of a log that does not hold', async () => {
    await using log = await aLog(EVERYTHING);
    const commit = join(log.folder, 'log', '0000000000000003');
    await writeFile(commit, (await readFile(commit, 'utf8')).replace('card', 'kard'));

    const { exit, err } = await shell(['log', 'receipt', REQUEST, '--folder', log.folder]);

    expect(exit).toBe(1);
    expect(err).toContain('root-mismatch');
  });
});

describe('log verify-receipt', () => {
  it.each<[string, Partial<Summary>, string]>([
    [
      'a request that nobody approved',
      { approvers: [], openedAt: null, closedAt: null, outcome: 'denied' },
      'approved by nobody',
    ],
    ['a window without a deadline', { deadline: null }, 'deadline none'],
    ['one that is not closed', { closedAt: null }, 'closed   not'],
    [
      'one that somebody else closed',
      { notLaterThan: true },
      'closed   not later than 2026-03-01T12:00:28.300Z\n',
    ],
    [
      'one that was closed before anybody saw it open',
      { openedAt: null, rules: [] },
      'closed   2026-03-01T12:00:28',
    ],
    ['one whose connections nobody cut', { connections: null }, 'cut      not'],
    ['a certificate that stays', { rotation: null }, 'rotated  not'],
  ])('tells of %s', async (_, change, text) => {
    await using log = await aLog([withSummary(change)]);

    const { out } = await verified(await receiptIn(log), log.keys.worker);

    expect(out).toContain(text);
  });

  it('gives a program all that is proven', async () => {
    await using log = await aLog(EVERYTHING);

    const { exit, out } = await verified(await receiptIn(log), log.keys.worker, '--json');

    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ valid: true, record: sealed, key: log.keys.worker });
  });

  it('says what is wrong with one that was changed', async () => {
    await using log = await aLog(EVERYTHING);
    const file = await receiptIn(log);
    await writeFile(file, (await readFile(file, 'utf8')).replace(/index \d+/, 'index 1'));

    const [told, asJson] = [
      await verified(file, log.keys.worker),
      await verified(file, log.keys.worker, '--json'),
    ];

    expect(told).toMatchObject({ exit: 1, out: expect.stringMatching(/^INVALID [^]*root-mismatch/) });
    expect(JSON.parse(asJson.out)).toMatchObject({ valid: false, break: { code: 'root-mismatch' } });
  });

  it('believes no other key, the bot’s included', async () => {
    await using log = await aLog(EVERYTHING);

    const { exit, out } = await verified(await receiptIn(log), log.keys.bot);

    expect(exit).toBe(1);
    expect(out).toContain('unknown-key');
  });

  it('asks for a key and a file', async () => {
    expect(await shell(['log', 'verify-receipt', 'package.json'])).toMatchObject({ exit: 2 });
    expect(await verified('package.json', 'x')).toMatchObject({ exit: 2 });
    await using log = await aLog([]);
    expect(await verified('/nowhere', log.keys.worker)).toMatchObject({ exit: 2 });
  });
});
