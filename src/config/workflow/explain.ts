import type { z } from 'zod';
import type { Parsed, Path, Position } from './positions.ts';

/** One thing to change in one workflow file. */
export type WorkflowProblem = Position & {
  readonly file: string;
  /** `approval.from.groups[0]`; empty for the file as a whole. */
  readonly path: string;
  readonly text: string;
};

/** What a check says about the value at a path, before it is known where that is. */
export type Finding = { readonly path: Path; readonly text: string; readonly isKey?: boolean };

type Issue = z.core.$ZodIssue;

/** What zod found, said for the person who edits the file. Messages of the schema complete "must be …". */
export function explain(issues: readonly Issue[], value: unknown, prefix: Path = []): Finding[] {
  return issues.flatMap((issue): Finding[] => {
    const path = [...prefix, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...path, key],
        text: `is not known here: must be ${issue.message}`,
        isKey: true,
      }));
    }
    if (issue.code === 'invalid_union') {
      const inside = branchFor(issue.errors);
      if (inside !== undefined) return explain(inside, value, path);
    }
    const found = valueAt(value, path);
    if (found === undefined) return [{ path, text: `is missing: must be ${issue.message}` }];
    return [{ path, text: `must be ${issue.message}; it is ${shown(found)}` }];
  });
}

/** Of a union's branches the one whose own shape was recognised: it complains about something inside. */
const branchFor = (branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined =>
  branches.find((issues) => issues.some(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'));

export function place(file: string, parsed: Parsed, { path, text, isKey = false }: Finding): WorkflowProblem {
  return {
    file,
    ...(isKey ? parsed.positionOfKey(path) : parsed.positionOf(path)),
    path: pathText(path),
    text,
  };
}

/** `workflows/payments-console.yaml:12:7 duration.max must be …` */
export const problemText = ({ file, line, column, path, text }: WorkflowProblem): string =>
  `${file}:${line}:${column} ${path}${path === '' ? '' : ' '}${text}`;

export const byPosition = (a: WorkflowProblem, b: WorkflowProblem): number =>
  (a.file < b.file ? -1 : Number(a.file > b.file)) || a.line - b.line || a.column - b.column;

const pathText = (path: Path): string =>
  path.reduce<string>((before, key) => {
    if (typeof key === 'number') return `${before}[${key}]`;
    return before === '' ? String(key) : `${before}.${String(key)}`;
  }, '');

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

/** Short, on one line, and without control characters. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'a section';
  const text = JSON.stringify(value) ?? typeof value;
  const short = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  return typeof value === 'number' ? `the number ${short}` : short;
}
