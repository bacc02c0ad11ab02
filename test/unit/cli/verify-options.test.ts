import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { commitKey } from '../../../src/log/commit.ts';
import { aLog, STORY, shell } from './a-log.ts';

const verify = (folder: string, ...args: string[]) => shell(['log', 'verify', '--folder', folder, ...args]);

const expire = async (folder: string, upTo: number): Promise<void> => {
  for (let n = 1; n <= upTo; n += 1) await rm(join(folder, commitKey(n)));
};

/** What was kept when the log had this many records after its first. */
async function kept(records: number) {
  const log = await aLog(STORY.slice(0, records));
  const file = join(log.folder, 'kept.txt');
  const done = await verify(log.folder, '--keep', file);
  return { ...log, file, done };
}

describe('log verify --keep', () => {
  it('writes a checkpoint from which a log without its beginning is verified', async () => {
    await using log = await kept(10);
    await expire(log.folder, 10);

    const without = await verify(log.folder);
    const { exit, out } = await verify(log.folder, '--checkpoint', log.file);

    expect(log.done.exit).toBe(0);
    expect(without).toMatchObject({ exit: 1, out: expect.stringContaining('commit 1 is missing') });
    expect(exit).toBe(0);
    expect(out).toMatch(/^VALID [^]*begins +after commit 11 \(11 records\), by a checkpoint that was kept/);
    expect(out).toContain('descends from the kept checkpoint');
    expect(out).toContain('anchored up to record 10');
  });

  it('writes what every reader of checkpoints takes', async () => {
    await using log = await kept(3);

    const { exit, out } = await verify(log.folder, '--checkpoint', log.file);

    expect([exit, out]).toEqual([0, expect.stringContaining('anchored up to record 3')]);
  });

  it('replaces nothing that was kept before', async () => {
    await using log = await kept(3);
    const before = await readFile(log.file, 'utf8');

    const { exit, err } = await verify(log.folder, '--keep', log.file);

    expect([exit, err]).toEqual([2, expect.stringContaining('is there already')]);
    expect(await readFile(log.file, 'utf8')).toBe(before);
  });

  it('keeps nothing of a log that does not hold', async () => {
    await using log = await aLog(STORY.slice(0, 5));
    await rm(join(log.folder, commitKey(3)));
    const file = join(log.folder, 'kept.txt');

    const { exit } = await verify(log.folder, '--keep', file);

    expect(exit).toBe(1);
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is not believed when somebody has changed what follows the checkpoint', async () => {
    await using log = await kept(5);
    await writeFile(log.file, (await readFile(log.file, 'utf8')).replace(/"peaks":\["./, '"peaks":["_'));

    const { exit, err } = await verify(log.folder, '--checkpoint', log.file);

    expect([exit, err]).toEqual([2, expect.stringContaining('its tree is not the one of its checkpoint')]);
  });
});

describe('log verify of a folder', () => {
  it('says that locks and versions were not looked at', async () => {
    await using log = await aLog([]);

    expect((await verify(log.folder)).out).toContain('retained not checked: files have neither versions');
  });

  it('counts the records of the time that was asked for, and verifies all of them', async () => {
    await using log = await aLog(STORY);

    const { exit, out } = await verify(
      log.folder,
      '--since',
      '2026-03-01T12:00:12Z',
      '--until',
      '2026-03-02',
    );
    const none = await verify(log.folder, '--until', '2026-01-01');

    expect(exit).toBe(0);
    expect(out).toMatch(/asked +2026-03-01T12:00:12Z to 2026-03-02\nfound +\d+ records, \d+ to \d+\n/);
    expect(none.out).toMatch(/asked +the beginning to 2026-01-01\nfound +no record\n/);
  });
});
