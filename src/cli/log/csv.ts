import { stringify } from 'csv-stringify/sync';
import { plain } from '../table.ts';

/**
 * One line of CSV (RFC 4180) that no spreadsheet takes for a formula, whatever people typed. Besides what begins a cell, what
 * follows a semicolon or a bar is defused: where Excel's list separator is one of them, it begins a cell as well.
 * OWASP, "CSV Injection".
 */
export const csvLine = (cells: readonly (string | number)[]): string =>
  stringify([cells.map((cell) => (typeof cell === 'number' ? cell : harmless(cell)))], {
    quoted: true,
    quoted_empty: true,
    escape_formulas: true,
    eof: false,
  });

/** Full-width signs too: some programs read them as the others. */
const FORMULA = /(^|[;|])(["'\s]*[=+\-@＝＋－＠])/g;

const harmless = (text: string): string => plain(text).replaceAll(FORMULA, "$1'$2");
