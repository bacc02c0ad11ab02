import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { BEGIN, configurationTable, END, rowsOf } from '../support/configuration-table.ts';
import { ROOT } from '../support/sources.ts';

describe('docs/configuration.md', () => {
  test('holds the table of variables as the code has it', async () => {
    const text = await readFile(join(ROOT, 'docs/configuration.md'), 'utf8');

    const documented = rowsOf(text.slice(text.indexOf(BEGIN), text.indexOf(END)));

    // To bring it up to date, copy the cells of the row that differs.
    expect(documented).toEqual(configurationTable());
  });
});
