import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseCheckpoint } from '../../../src/log/checkpoint.ts';
import { commitKey } from '../../../src/log/commit.ts';
import type { LogRecord } from '../../../src/log/index.ts';
import { aLog, REQUEST, shell, STORY } from './a-log.ts';

const verify = (folder: string, ...args: string[]) => shell(['log', 'verify', '--folder', folder, ...args]);

const at = '2026-03-01T13:00:00.000Z';
const record = (type: string, more: object = {}): LogRecord => ({ format: 1, type, at, ...more });
const ASKED = STORY.slice(0, 1);
/** By the worker, whose record it is, of a request that nobody has approved. */
const OPENED = STORY.find(({ type }) => type === 'open.confirmed')!;

describe('log verify doubts what every process distrusts', () => {
  it('a record that cannot follow, although the right key has signed it', async () => {
    await using log = await aLog([...ASKED, OPENED]);

    const { exit, out } = await verify(log.folder);

    expect(exit).toBe(1);
    expect(out).toMatch(/^INVALID .*\ncommits +3\/3 hold\n/);
    expect(out).toMatch(/^doubt +record 2 \(commit 3\): open.confirmed cannot be after .* \(impossible\)$/m);
  });

  it('and gives a program its index and the reason', async () => {
    await using log = await aLog([...ASKED, OPENED, ...STORY.slice(1)]);

    const { out } = await verify(log.folder, '--json');

    expect(JSON.parse(out)).toMatchObject({
      valid: false,
      commits: STORY.length + 2,
      meaning: { doubtful: 1, doubts: [{ index: 2, commit: 3, code: 'impossible' }], unjudged: 0 },
    });
  });

  it('a request that is asked twice', async () => {
    await using log = await aLog([...ASKED, ...ASKED]);

    expect(await verify(log.folder)).toMatchObject({
      exit: 1,
      out: expect.stringMatching(/request.asked cannot be after .* \(impossible\)/),
    });
  });

  it.each(['request.asked', 'open.confirmed', 'cut.removed', 'trail.compared'])(
    'a %s with nothing in it, without falling over it',
    async (type) => {
      await using log = await aLog([record(type), ...STORY]);

      const { exit, out } = await verify(log.folder, '--json');

      expect(exit).toBe(1);
      expect(JSON.parse(out)).toMatchObject({
        commits: STORY.length + 2,
        meaning: { doubtful: 1, doubts: [{ index: 1, code: 'impossible' }] },
      });
    },
  );

  it.each<[string, LogRecord, string]>([
    ['a newer format', record('request.asked', { format: 2, request: REQUEST }), 'newer-format'],
    ['a newer format of its own', record('log.key-replaced', { format: 2 }), 'newer-format'],
    ['a type that nobody knows', record('request.frozen', { request: REQUEST }), 'unknown-type'],
    ['a type of its own that nobody knows', record('log.closed'), 'unknown-type'],
  ])('%s, which a newer version may understand', async (_, unknown, code) => {
    await using log = await aLog([unknown]);

    const { exit, out } = await verify(log.folder);

    expect(exit).toBe(1);
    expect(out).toMatch(/^DOUBTFUL /);
    expect(out).toMatch(
      new RegExp(`doubt +record 1 \\(commit 2\\): .*verify with the version that wrote it \\(${code}\\)`),
    );
  });

  it('any number of them, in a few lines', async () => {
    await using log = await aLog(Array.from({ length: 25 }, () => record('request.frozen')));

    const { out } = await verify(log.folder);

    expect(out.match(/^doubt /gm)).toHaveLength(20);
    expect(out).toContain('and 5 more records');
  });

  it('no log that was not altered', async () => {
    await using log = await aLog(STORY);

    const { exit, out } = await verify(log.folder, '--json');

    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      valid: true,
      meaning: { doubts: [], doubtful: 0, unjudged: 0 },
    });
  });
});

/** A log that was kept at a place and has lost everything up to there; `later` was written since. */
async function expired(before: readonly LogRecord[], later: readonly LogRecord[]) {
  const whole = await aLog([...before, ...later]);
  const kept = join(whole.folder, 'kept.txt');
  const aside = await Promise.all(
    later.map(async (_, i) => {
      const file = join(whole.folder, commitKey(before.length + 2 + i));
      const bytes = await readFile(file);
      await rm(file);
      return [file, bytes] as const;
    }),
  );
  await verify(whole.folder, '--keep', kept);
  for (const [file, bytes] of aside) await writeFile(file, bytes);
  const early = join(whole.folder, 'early.txt');
  await writeFile(
    early,
    (await readFile(join(whole.folder, commitKey(1)), 'utf8')).split(/\n\n/).slice(1).join('\n\n'),
  );
  for (let n = 1; n <= before.length; n += 1) await rm(join(whole.folder, commitKey(n)));
  return { ...whole, kept, early };
}

describe('log verify of a log whose beginning has expired', () => {
  it('judges no record of a request that began before, and says how many there are', async () => {
    await using log = await expired(STORY.slice(0, 5), STORY.slice(5, 9));

    const { exit, out } = await verify(log.folder, '--checkpoint', log.kept);

    expect(exit).toBe(0);
    expect(out).toMatch(/^unjudged 4 records of requests that began before/m);
  });

  it('judges those that began since', async () => {
    const asked = { ...ASKED[0]!, request: 'bg-ZZZZZZZZZZ' };
    await using log = await expired(STORY.slice(0, 5), [asked, { ...OPENED, request: asked.request }]);

    const { exit, out } = await verify(log.folder, '--checkpoint', log.kept);

    expect(exit).toBe(1);
    expect(out).toMatch(/^doubt +record 7 \(commit 8\): open.confirmed .* \(impossible\)$/m);
  });

  it('judges what asks for something, whatever was before', async () => {
    await using log = await expired(STORY.slice(0, 5), [record('request.asked', { request: REQUEST })]);

    const { exit, out } = await verify(log.folder, '--checkpoint', log.kept);

    expect(exit).toBe(1);
    expect(out).toMatch(/^doubt +record 6 \(commit 7\): request.asked .* \(impossible\)$/m);
  });

  it('doubts a checkpoint from before, which it cannot compare', async () => {
    await using log = await expired(STORY.slice(0, 5), STORY.slice(5, 9));

    const { exit, out } = await verify(log.folder, '--checkpoint', log.kept, log.early);

    expect(exit).toBe(1);
    expect(out).toMatch(/^DOUBTFUL /);
    expect(out).toMatch(
      /^contains 1\/2 of the given checkpoints\ndoubt +1 of the given .* \(not-compared\)$/m,
    );
  });

  it('finds another checkpoint of as many records as the kept one', async () => {
    await using log = await expired(STORY.slice(0, 5), STORY.slice(5, 9));
    const other = join(log.folder, 'other.txt');
    await writeFile(other, `prod\n6\n${'A'.repeat(43)}=\n`);

    const { exit, out } = await verify(log.folder, '--checkpoint', log.kept, other);

    expect(exit).toBe(1);
    expect(out).toMatch(/^INVALID [^]*break +commit 6: .* checkpoint of 6 records .* \(root-mismatch/);
  });
});

describe('log verify says what became of the checkpoints that it was given', () => {
  /** The checkpoint of each commit, as a file. */
  async function checkpoints(folder: string, ...commits: number[]): Promise<string[]> {
    return Promise.all(
      commits.map(async (n) => {
        const [, text = '', signature = ''] = (await readFile(join(folder, commitKey(n)), 'utf8')).split(
          '\n\n',
        );
        expect(parseCheckpoint(`${text}\n`)).toBeDefined();
        const file = join(folder, `checkpoint-${n}.txt`);
        await writeFile(file, `${text}\n\n${signature}`);
        return file;
      }),
    );
  }

  it('all of them are contained, each counted once', async () => {
    await using log = await aLog(STORY);
    const files = await checkpoints(log.folder, 2, 5, 9);

    const { exit, out } = await verify(log.folder, '--checkpoint', ...files, files[0]!);

    expect(exit).toBe(0);
    expect(out).toContain('contains 3/3 of the given checkpoints\n');
  });

  it('some of them lie before the break', async () => {
    await using log = await aLog(STORY);
    const files = await checkpoints(log.folder, 2, 5, 9);
    await rm(join(log.folder, commitKey(7)));

    const { exit, out } = await verify(log.folder, '--json', '--checkpoint', ...files);

    expect(exit).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ checkpoints: { given: 3, contained: 2 } });
  });

  it('one of no record says nothing of this log', async () => {
    await using log = await aLog([]);
    const file = join(log.folder, 'empty.txt');
    await writeFile(file, `prod\n0\n${'A'.repeat(43)}=\n`);

    const { exit, out } = await verify(log.folder, '--checkpoint', file);

    expect([exit, out]).toEqual([1, expect.stringContaining('(not-compared)')]);
  });
});

describe('log verify of a log with gaps', () => {
  it('names every number that is missing, not only the first', async () => {
    await using log = await aLog(STORY);
    for (const n of [4, 10, 11, 12, STORY.length]) await rm(join(log.folder, commitKey(n)));

    const { exit, out } = await verify(log.folder);

    expect(exit).toBe(1);
    expect(out).toMatch(/^break +commit 4 is missing, 5 is listed/m);
    expect(out).toMatch(
      new RegExp(`^missing +5 of the commits before the last one: 4, 10 to 12, ${STORY.length}$`, 'm'),
    );
  });
});
