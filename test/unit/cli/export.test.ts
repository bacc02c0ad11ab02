import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { csvLine } from '../../../src/cli/log/csv.ts';
import { COLUMNS } from '../../../src/cli/log/export.ts';
import { AUTHOR } from '../../../src/domain/records.ts';
import { aLog, EVERYTHING, REQUEST, shell } from './a-log.ts';

const exported = (folder: string, ...args: string[]) => shell(['log', 'export', '--folder', folder, ...args]);

describe('log export', () => {
  it('writes every record a line of CSV, with a heading', async () => {
    await using log = await aLog(EVERYTHING);

    const { exit, out, err } = await exported(log.folder, '--csv');

    const [heading, opened, asked, ...others] = out.split('\n');
    expect([exit, err]).toEqual([0, '']);
    expect(heading).toBe(COLUMNS.map((name) => `"${name}"`).join(','));
    expect(opened).toMatch(/^"0","1","bot","yes","[^"]+","log\.opened","","log begun","bot",""/);
    expect(asked).toMatch(
      new RegExp(
        `^"1","2","bot","yes","2026-03-01T12:00:00.000Z","request.asked","${REQUEST}","asked","Maya`,
      ),
    );
    expect(asked).toMatch(/"[0-9a-f]{64}"$/);
    expect(others).toHaveLength(EVERYTHING.length - 1);
  });

  it('writes the records themselves for programs, one JSON object a line', async () => {
    await using log = await aLog(EVERYTHING);

    const { exit, out } = await exported(log.folder, '--ndjson');

    const lines = out.split('\n').map((line) => JSON.parse(line) as { index: number; record: unknown });
    expect(exit).toBe(0);
    expect(lines.map(({ index }) => index)).toEqual(lines.map((_, i) => i));
    expect(lines.slice(1).map(({ record }) => record)).toEqual(EVERYTHING);
  });

  it('writes nothing that a terminal would obey, and means the same', async () => {
    const reason = 'red \u009b31m \u001b]0;owned\u0007 \u202eback\u2028 \u{e0041} 👩\u200d💻';
    const asked = { ...EVERYTHING[0]!, reason };
    await using log = await aLog([asked]);

    const { out } = await exported(log.folder, '--ndjson');
    const shown = await shell(['log', 'show', REQUEST, '--json', '--folder', log.folder]);

    for (const text of [out, shown.out]) {
      // eslint-disable-next-line no-control-regex -- these must not come through
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|\p{Cf}|[\u2028\u2029]/u);
    }
    expect(JSON.parse(out.split('\n')[1] ?? '')).toMatchObject({ record: { reason } });
    expect(JSON.parse(shown.out)).toMatchObject({ records: [{ record: { reason } }] });
  });

  it('marks what does not count: another role, or a newer format', async () => {
    const [denied] = EVERYTHING.filter(({ type }) => type === 'request.denied');
    await using log = await aLog(
      [denied!, { format: 2, type: 'future', at: '2026-03-01T12:00:01Z' }],
      'worker',
    );

    const { out } = await exported(log.folder, '--ndjson');
    const csv = await exported(log.folder, '--csv');

    const counts = out.split('\n').map((line) => (JSON.parse(line) as { counts: boolean }).counts);
    expect(AUTHOR['request.denied']).toBe('bot');
    expect(counts).toEqual([true, false, false]);
    expect(csv.out.split('\n').at(-1)).toMatch(
      /"no","2026-03-01T12:00:01Z","future","","does not count","worker","format 2"/,
    );
  });

  it('leaves out what is not of the time that was asked for', async () => {
    await using log = await aLog(EVERYTHING);

    const { exit, out } = await exported(
      log.folder,
      '--ndjson',
      '--since',
      '2026-03-01T12:00:12Z',
      '--until',
      '2026-03-01T12:00:13Z',
    );

    const types = out
      .split('\n')
      .map((line) => (JSON.parse(line) as { record: { type: string } }).record.type);
    expect(exit).toBe(0);
    expect(types).toEqual(
      EVERYTHING.filter(({ at }) => at >= '2026-03-01T12:00:12' && at < '2026-03-01T12:00:13').map(
        ({ type }) => type,
      ),
    );
    expect(types.length).toBeGreaterThan(0);
  });

  it('says that the log does not hold, and writes nothing after the break', async () => {
    await using log = await aLog(EVERYTHING);
    const names = (await readdir(join(log.folder, 'log'))).toSorted();
    const third = join(log.folder, 'log', names[2]!);
    await writeFile(third, (await readFile(third, 'utf8')).replace('card', 'CARD'));

    const { exit, out, err } = await exported(log.folder, '--ndjson');

    expect(exit).toBe(1);
    expect(out.split('\n')).toHaveLength(2);
    expect(err).toMatch(/^The log does not hold: commit 3: .*What was written stands before that\.$/);
  });

  it('takes no log at its word when other keys are given', async () => {
    await using log = await aLog(EVERYTHING);
    const { bot, worker } = log.keys;

    const { exit, out, err } = await exported(
      log.folder,
      '--ndjson',
      '--bot-key',
      worker,
      '--worker-key',
      bot,
    );

    expect([exit, out, err]).toEqual([1, '', expect.stringContaining('not its trusted key')]);
  });

  it('wants to know the form, one of two', async () => {
    await using log = await aLog([]);

    expect(await exported(log.folder)).toMatchObject({ exit: 2, err: 'Say --csv or --ndjson.' });
    expect((await exported(log.folder, '--csv', '--ndjson')).exit).toBe(2);
  });

  it('finds no log in an empty folder', async () => {
    await using log = await aLog([]);
    const empty = join(log.folder, 'log');

    expect(await exported(empty, '--csv')).toMatchObject({ exit: 1, err: expect.stringContaining('no log') });
  });

  it.each([
    ['--since', 'yesterday'],
    ['--until', '2026-13-01'],
    ['--since', '2026-03-01 12:00'],
  ])('takes no %s of %s', async (option, text) => {
    await using log = await aLog([]);

    const { exit, err } = await exported(log.folder, '--csv', option, text);

    expect([exit, err]).toEqual([2, expect.stringContaining(`${option} must be a day or a time in UTC`)]);
  });

  it('takes no time that ends before it begins', async () => {
    await using log = await aLog([]);
    const range = ['--since', '2026-03-02', '--until', '2026-03-01'];

    expect(await exported(log.folder, '--csv', ...range)).toMatchObject({
      exit: 2,
      err: '--since must be before --until',
    });
  });
});

describe('a cell of the CSV', () => {
  it.each<[string, string]>([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1+1', "' =1+1"],
    ['\r=1+1', "' =1+1"],
    ['\n=1+1', "' =1+1"],
    [' =1+1', "' =1+1"],
    ['"=1+1"', `'""=1+1""`],
    ['＝1+1', "'＝1+1"],
    ['＋1', "'＋1"],
    ['－1', "'－1"],
    ['＠A', "'＠A"],
    ['\u200b=1+1', "' =1+1"],
    ['a;=1+1', "a;'=1+1"],
    ['a; "=1+1"', `a;' ""=1+1""`],
    ['a|=1+1', "a|'=1+1"],
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
  ])('is no formula: %j', (typed, written) => {
    expect(csvLine([typed])).toBe(`"${written}"`);
  });

  it.each(['Queue is stuck; restart it', '3 - 2 = 1', 'a@b.example', 'x-y', "it's"])(
    'is left as it was typed: %s',
    (typed) => {
      expect(csvLine([typed])).toBe(`"${typed}"`);
    },
  );

  it('is one line without anything that a terminal would obey', () => {
    expect(csvLine(['a\u001b[31mb\nc\u202ed'])).toBe('"ab c d"');
  });

  it('never begins a formula in any program, whatever was typed and whatever the separator', () => {
    const signs = fc.constantFrom(
      '=',
      '+',
      '-',
      '@',
      '＝',
      ';',
      '|',
      ',',
      '"',
      "'",
      ' ',
      '\t',
      '\r',
      '\n',
      'a',
    );
    fc.assert(
      fc.property(fc.array(signs, { maxLength: 12 }), (typed) => {
        const line = csvLine([typed.join('')]);

        // As each program would split it: by quoted cells, or by its own list separator, quotes or no quotes.
        const cells = [line.slice(1, -1), ...line.slice(1).split(/[;|]/)];
        const formulas = cells.filter((cell) => /^["'\s]*[=+\-@＝]/.test(cell));
        expect(formulas.filter((cell) => !cell.startsWith("'"))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
