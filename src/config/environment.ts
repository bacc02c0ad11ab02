import type { Role } from '../log/types.ts';
import { VARIABLES, type Need, type Values, type Variable, type VariableName } from './variables.ts';

/** What one process does: one of the two roles, or both. */
export type RunRole = Role | 'all';

export type Environment = Readonly<Record<string, string | undefined>>;
/** The text of a file; throws when it cannot be read. */
export type ReadText = (path: string) => string;
export type NeedOf = (name: VariableName) => Need;
/** Texts after `NAME_FILE` has been followed; null for what was given and cannot be used. Secrets are in here. */
export type Texts = ReadonlyMap<VariableName, string | null>;

export const NAMES = Object.keys(VARIABLES) as VariableName[];

/** What a role does with each variable; `all` holds the secrets of both and needs what either needs. */
export const needOf =
  (role: RunRole): NeedOf =>
  (name) => {
    const { bot, worker }: Variable = VARIABLES[name];
    if (role === 'bot') return bot;
    if (role === 'worker') return worker;
    return (
      (['required', 'choice', 'optional'] as const).find((need) => bot === need || worker === need) ??
      'unused'
    );
  };

/** Step one: variables, and the files they name, to texts. An empty variable counts as not set. */
export function readTexts(
  env: Environment,
  need: NeedOf,
  readText: ReadText,
): { texts: Texts; problems: string[] } {
  const texts = new Map<VariableName, string | null>();
  const problems: string[] = [];
  for (const name of NAMES) {
    const { secrecy, bot }: Variable = VARIABLES[name];
    const direct = env[name]?.trim() ?? '';
    const file = secrecy === 'open' ? '' : (env[`${name}_FILE`]?.trim() ?? '');
    const wanted = need(name);
    if (wanted === 'unused' || (direct === '' && file === '')) continue;
    texts.set(name, null);
    if (wanted === 'forbidden') {
      const holder = bot === 'forbidden' ? 'worker' : 'bot';
      const given = direct === '' ? `${name}_FILE` : name;
      problems.push(
        `${given} is set, but only the ${holder} may hold it: take it out of this process's environment`,
      );
    } else if (direct !== '' && file !== '') {
      problems.push(`${name} and ${name}_FILE are both set: keep one of them`);
    } else if (direct !== '' || secrecy === 'path') {
      texts.set(name, direct === '' ? file : direct);
    } else {
      const text = textOf(file, readText);
      if (text === undefined) problems.push(`${name}_FILE must name a readable file that is not empty`);
      else texts.set(name, text);
    }
  }
  return { texts, problems };
}

/** Step two: texts to validated values. What is missing or malformed becomes a problem that does not quote it. */
export function parseTexts(texts: Texts, need: NeedOf): { values: Values; problems: string[] } {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const name of NAMES) {
    const { schema, allowed, fallback, secrecy, what }: Variable = VARIABLES[name];
    const wanted = need(name);
    if (wanted === 'unused' || wanted === 'forbidden') continue;
    const text = texts.get(name) ?? (texts.has(name) ? null : fallback);
    if (text === undefined && wanted === 'required') {
      problems.push(`${name}${secrecy === 'value' ? ` (or ${name}_FILE)` : ''} is required: ${what}`);
    }
    if (text === undefined || text === null) continue;
    const parsed = schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(`${name} must be ${allowed}`);
  }
  return { values, problems };
}

function textOf(path: string, readText: ReadText): string | undefined {
  try {
    return readText(path).trim() || undefined;
  } catch {
    return undefined;
  }
}
