import { spread, type Spread } from '../lib/statistics.ts';
import type { Findings } from './judge.ts';
import type { Row } from './row.ts';

/** What a fault did while windows depended on it, and how often. */
export type Struck = { readonly what: string; readonly times: number };

/** What was seen of a whole row. */
export type Seen = {
  readonly windows: number;
  readonly found: Findings;
  readonly struck: readonly Struck[];
  /** Of processes that did not end well. */
  readonly endings: readonly string[];
};

export type Verdict = {
  readonly latenessMs: Spread;
  /** Enough was open until it was due, nothing was late, and nothing was found wrong. */
  readonly met: boolean;
  /** Every fault has struck: what was seen was seen in spite of it. */
  readonly looked: boolean;
  /** What speaks against the row, and what did not open, in words. */
  readonly findings: readonly string[];
};

/** Judges a row by its own definition. Without windows, or without its fault, a row has proven nothing. */
export function verdict(
  { goalMs, opensAtLeast, mayEndEarly }: Pick<Row, 'goalMs' | 'opensAtLeast' | 'mayEndEarly'>,
  { windows, found, struck, endings }: Seen,
): Verdict {
  const { opened, early, notOpened, leftOpen, recordsLost, falseMessages } = found;
  const latenessMs = spread(found.latenessMs.map(Math.round));
  const kept = mayEndEarly ? opened : opened - early;
  const needed = Math.max(1, Math.floor(windows * opensAtLeast));
  const against = [
    ...leftOpen.map((text) => `left open: ${text}`),
    ...recordsLost.map((text) => `record lost: ${text}`),
    ...falseMessages.map((text) => `false message: ${text}`),
    ...(kept < needed ? [`too few windows: ${kept} of ${windows} were open until due, not ${needed}`] : []),
    ...(found.latenessMs.length === 0 ? ['no end of a window was seen'] : []),
    ...(latenessMs.max > goalMs ? [`late: ${latenessMs.max} ms after the deadline, not ${goalMs} ms`] : []),
  ];
  const missing = struck
    .filter(({ times }) => times === 0)
    .map(({ what }) => `the fault did not strike: no ${what}`);
  return {
    latenessMs,
    met: against.length === 0,
    looked: missing.length === 0,
    findings: [
      ...against,
      ...missing,
      ...notOpened.map((text) => `not opened: ${text}`),
      ...endings.map((text) => `process: ${text}`),
    ],
  };
}

/** Of all rows that were wanted: 0 when everything held, 1 when something did not, 3 when something could not be looked at. */
export function exitCode(wanted: number, rows: readonly Pick<Verdict, 'met' | 'looked'>[]): 0 | 1 | 3 {
  if (rows.length < wanted || rows.some(({ looked }) => !looked)) return 3;
  return rows.every(({ met }) => met) ? 0 : 1;
}
