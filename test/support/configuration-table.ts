import { VARIABLES, type Need, type Variable } from '../../src/config/variables.ts';

export const BEGIN = '<!-- variables: begin -->';
export const END = '<!-- variables: end -->';

const NEED = {
  required: 'required',
  optional: 'optional',
  choice: 'one of two',
  unused: '–',
  forbidden: 'refused',
} as const satisfies Record<Need, string>;

const SECRET = { open: '', value: 'yes', path: 'path of one' } as const satisfies Record<
  Variable['secrecy'],
  string
>;

const text = ({ what, bot, worker, fallback, secrecy }: Variable, name: string): string[] => [
  `\`${name}\``,
  what,
  NEED[bot],
  NEED[worker],
  fallback === undefined ? '' : `\`${fallback}\``,
  SECRET[secrecy],
];

/** The table of docs/configuration.md: rows of cells, heading first. */
export const configurationTable = (): string[][] => [
  ['variable', 'what', 'bot', 'worker', 'default', 'secret'],
  ...Object.entries(VARIABLES).map(([name, variable]) => text(variable as Variable, name)),
];

/** The rows of the first Markdown table in a text, without the rule under the heading. */
export const rowsOf = (markdown: string): string[][] =>
  markdown
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+$/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
