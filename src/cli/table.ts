import { stripVTControlCharacters } from 'node:util';

/** Aligned columns with a rule under the heading; readable without colour, at any width of the terminal. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heading, ...rows].map((row) => row.map(plain));
  const widths = heading.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .join('  ')
      .trimEnd();
  const [head = [], ...body] = all;
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...body.map(line)];
}

/** What people typed, made harmless for a terminal: one line, no control codes, nothing that changes direction. */
export const plain = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');

const widthOf = (text: string): number => [...text].length;
