import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { weakTexts } from './support/contrast.ts';
import type { FakeFront } from './support/fake-front.ts';
import { stages } from './support/stage.ts';

const stage = stages();

const TAMPERINGS = [
  { name: 'drop', text: 'remove a commit for good' },
  { name: 'shorten', text: 'shorten the retention of a commit' },
  { name: 'nothing', text: 'change nothing' },
];

/** What the verifier says of each; the last of them is missed. */
const REPORTS: Readonly<Record<string, object>> = {
  drop: {
    valid: false,
    records: 3,
    firstBreak: { commit: 4, code: 'gap', text: 'commit 4 is missing, 5 is listed' },
    missing: {
      commits: 3,
      ranges: [
        { first: 4, last: 4 },
        { first: 7, last: 8 },
      ],
    },
    checkpoints: { given: 1, contained: 0 },
    meaning: { doubts: [{ code: 'impossible', text: 'record 2 (commit 3): open.confirmed cannot be' }] },
    retention: { versions: 7, locked: 7, doubts: [] },
  },
  shorten: {
    valid: false,
    records: 9,
    retention: {
      versions: 8,
      locked: 7,
      doubts: [{ code: 'short-lock', text: 'log/0000000000000004 is locked until today' }],
    },
  },
  nothing: { valid: true, records: 9, retention: null },
};

function withTampering(front: FakeFront): void {
  front.answer('aws/tamperings', () => ({ tamperings: TAMPERINGS }));
  front.answer('tamper', ({ name }) => ({ text: '', report: REPORTS[String(name)] }));
}

const way = (page: Page, name: string) => page.locator(`.tamper-way[data-name=${name}]`);

test('a visitor alters a copy of the log, and reads what the verifier says', async () => {
  await using at = await stage({}, withTampering);
  await at.page.getByRole('button', { name: 'Tamper' }).click();

  await at.page.getByRole('button', { name: 'Try: remove a commit for good' }).click();
  await way(at.page, 'drop').locator('[data-state=ok]').waitFor();

  const said = await way(at.page, 'drop').innerText();
  expect(said).toContain('First break at commit 4: commit 4 is missing');
  expect(said).toContain('3 commits are missing: 4, 7 to 8');
  expect(said).toContain('Record 2 (commit 3): open.confirmed cannot be');
  expect(said).not.toContain('could not be compared');
  expect(at.front.calls.filter(({ path }) => path === 'tamper')).toEqual([
    { path: 'tamper', body: { name: 'drop' } },
  ]);
  expect(at.opened.complaints).toEqual([]);
});

test('all ways are tried in turn, and what was missed is said as loudly as what was found', async () => {
  await using at = await stage({}, withTampering);
  await at.page.getByRole('button', { name: 'Tamper' }).click();

  await at.page.getByRole('button', { name: 'Try all' }).click();
  await at.page.getByText('found 2/3').waitFor();

  expect(await way(at.page, 'shorten').innerText()).toContain('Commit 4 is locked until today');
  expect(await way(at.page, 'nothing').locator('[data-state=bad]').innerText()).toContain('Missed');
});

test('a sandbox that cannot tamper says why, in its row', async () => {
  await using at = await stage({}, withTampering);
  at.front.answer('tamper', () => {
    throw new Error('The log is too short to be altered: ask for something first');
  });
  await at.page.getByRole('button', { name: 'Tamper' }).click();

  await at.page.getByRole('button', { name: 'Try: change nothing' }).click();

  await way(at.page, 'nothing').locator('[data-state=unknown]').filter({ hasText: 'too short' }).waitFor();
});

test('the dialog closes with Escape, gives the focus back, and opens anew', async () => {
  await using at = await stage({}, withTampering);
  const open = at.page.getByRole('button', { name: 'Tamper' });
  await open.click();
  await at.page.getByRole('dialog').waitFor();

  await at.page.keyboard.press('Escape');
  await at.page.getByRole('dialog').waitFor({ state: 'detached' });
  const focused = await at.page.evaluate<string>('document.activeElement.id');
  await open.click();

  await at.page.getByRole('dialog').waitFor();
  expect(focused).toBe('tamper');
  expect(await at.page.getByRole('dialog').count()).toBe(1);
});

test.each(['light', 'dark'] as const)('everything in it is readable in %s colours', async (colorScheme) => {
  await using at = await stage({ colorScheme }, withTampering);
  await at.page.getByRole('button', { name: 'Tamper' }).click();
  await at.page.getByRole('button', { name: 'Try all' }).click();
  await at.page.getByText('found 2/3').waitFor();

  const { weak } = await weakTexts(at.page);

  expect(weak).toEqual([]);
});
