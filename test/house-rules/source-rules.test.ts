import { describe, expect, test } from '@jest/globals';
import { sourcesBelow, type Source } from '../support/sources.ts';

interface Rule {
  readonly name: string;
  readonly applies: (path: string) => boolean;
  /** What breaks the rule, wherever it stands in code. */
  readonly forbidden: RegExp;
  /** One line of code that must be refused, and one that must not. */
  readonly refuses: string;
  readonly allows: string;
}

const CORE = /^src\/(domain|lifecycle|log)\//;
// What of the log deals with a store: it names temporary files, pauses between tries and gathers a turn's appends.
const MEETS_THE_STORE = /^src\/log\/(folder-store|appender)\.ts$/;
const MAY_READ_ENVIRONMENT = /^(src\/(config|sandbox|cli)|bin|scripts|bench|test)\//;
const LONGEST_FILE_LINES = 400;

const RULES: readonly Rule[] = [
  {
    name: 'only configuration, sandbox and command line read the environment',
    applies: (path) => !MAY_READ_ENVIRONMENT.test(path),
    forbidden: /\bprocess\.env\b/,
    refuses: "const token = process.env['TOKEN'];",
    allows: 'const token = settings.token;',
  },
  {
    name: 'the core reads no clock',
    applies: (path) => CORE.test(path),
    forbidden: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bprocess\.hrtime\b/,
    refuses: 'const now = new Date();',
    allows: 'const day = new Date(seconds * 1000);',
  },
  {
    name: 'the core sets no timer',
    applies: (path) => CORE.test(path) && !MEETS_THE_STORE.test(path),
    forbidden: /\b(setTimeout|setInterval|setImmediate)\b/,
    refuses: 'setTimeout(close, 1000);',
    allows: 'await clock.sleep(1000);',
  },
  {
    name: 'the core draws no random numbers',
    applies: (path) => CORE.test(path) && !MEETS_THE_STORE.test(path),
    forbidden: /\b(Math\.random|randomUUID|randomBytes|getRandomValues)\b/,
    refuses: 'const id = randomUUID();',
    allows: 'const id = ids.next();',
  },
  {
    name: 'no test is skipped, singled out or left for later',
    applies: (path) => path.startsWith('test/'),
    forbidden:
      /\b(test|it|describe)(\.\w+)*\.(skip|only|todo|failing)\b|\b(xtest|xit|xdescribe|fit|fdescribe)\(/,
    refuses: "test.skip('closes', () => {});",
    allows: "test.each(cases)('closes', () => {});",
  },
];

describe.each(RULES)('$name', ({ applies, forbidden, refuses, allows }) => {
  test('holds in every file', async () => {
    const sources = await sourcesBelow('src', 'bin', 'test');

    const offenders = sources
      .filter(({ path }) => applies(path) && path !== 'test/house-rules/source-rules.test.ts')
      .filter(({ text }) => forbidden.test(withoutComments(text)))
      .map(({ path }) => path);

    expect(offenders).toEqual([]);
  });

  test('goes red on a planted violation and on nothing else', () => {
    expect(withoutComments(`// harmless\n${refuses}`)).toMatch(forbidden);
    expect(withoutComments(`// ${refuses}\n/* ${refuses} */\n${allows}`)).not.toMatch(forbidden);
  });
});

describe(`no file in src/ is longer than ${LONGEST_FILE_LINES} lines`, () => {
  test('holds in every file', async () => {
    const sources = await sourcesBelow('src');

    expect(tooLong(sources)).toEqual([]);
  });

  test('goes red on a planted file of one line more', () => {
    const atTheBound = { path: 'src/a.ts', text: 'x;\n'.repeat(LONGEST_FILE_LINES) };
    const beyond = { path: 'src/b.ts', text: 'x;\n'.repeat(LONGEST_FILE_LINES + 1) };

    expect(tooLong([atTheBound, beyond])).toEqual(['src/b.ts']);
  });
});

function tooLong(sources: readonly Source[]): string[] {
  return sources
    .filter(({ text }) => text.trimEnd().split('\n').length > LONGEST_FILE_LINES)
    .map(({ path }) => path);
}

/** Good enough for code as Prettier writes it: a comment starts a line or follows a space. */
function withoutComments(text: string): string {
  return text.replace(/(^|\s)\/\*[\s\S]*?\*\//g, '$1').replace(/(^|\s)\/\/.*$/gm, '$1');
}
