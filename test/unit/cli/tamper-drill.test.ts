import { describe, expect, it } from '@jest/globals';

import { MemoryLogStore, verifyLog } from '../../../src/log/index.ts';
import { drillLog } from '../../../src/cli/log/drill-log.ts';
import { untouchedVersions } from '../../../src/cli/log/drill-versions.ts';
import { TAMPERINGS } from '../../../src/cli/log/tampering.ts';
import { shell } from './a-log.ts';

describe('log tamper-drill', () => {
  it('finds every way to alter a log, and says what each is', async () => {
    const { exit, out } = await shell(['log', 'tamper-drill']);

    expect(exit).toBe(0);
    expect(out).toContain(`detected ${TAMPERINGS.length}/${TAMPERINGS.length}`);
    expect(out).not.toContain('MISSED');
    expect(out).toMatch(/drop a commit +commit 5 is missing, 6 is listed \(gap\)/);
    expect(out).toMatch(/shorten the retention of a commit +log\/0+4 is locked until .* \(short-lock\)/);
    expect(out).toMatch(/marker over the newest commit +log\/0+21 is hidden by a delete marker/);
    expect(out).toMatch(/marker over a commit in the middle +log\/0+5 is hidden by a delete marker/);
  });

  it('gives a program what was found', async () => {
    const { out } = await shell(['log', 'tamper-drill', '--json']);

    const { untouched, found } = JSON.parse(out) as { untouched: boolean; found: { detected: boolean }[] };
    expect(untouched).toBe(true);
    expect(found).toHaveLength(TAMPERINGS.length);
    expect(found.every(({ detected }) => detected)).toBe(true);
  });

  it('needs the keys and the checkpoint: what the operators do, nothing else shows', async () => {
    const log = await drillLog(20);
    const [cut] = TAMPERINGS.filter(({ what }) => what === 'cut the end off');
    const [forked] = TAMPERINGS.filter(({ what }) => what === 'write another end, with the right keys');
    const [again] = TAMPERINGS.filter(({ what }) => what === 'begin the log again under other keys');

    const alone = await Promise.all(
      [cut!, forked!, again!].map(async ({ alter }) => {
        const store = new MemoryLogStore();
        for (const [key, bytes] of log.objects) store.objects.set(key, bytes);
        await alter(store.objects, log, log.head.commit, untouchedVersions());
        return (await verifyLog(store)).valid;
      }),
    );

    expect(alone).toEqual([true, true, true]);
  });
});
