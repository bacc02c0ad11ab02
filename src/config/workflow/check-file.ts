import { createHash } from 'node:crypto';
import type { Workflow } from '../../domain/workflow.ts';
import { crossCheck } from './cross-checks.ts';
import { explain, place, valueAt, type Finding, type WorkflowProblem } from './explain.ts';
import { parseYaml, type Position } from './positions.ts';
import { workflowFile } from './schema.ts';
import { toWorkflow } from './to-workflow.ts';

/** Policies are short; more is a mistake, and would take the parser long: it compares every key with every other. */
export const MAX_BYTES = 64 * 1024;

export type WorkflowSource = {
  /** Name in its folder. */
  readonly name: string;
  /** How it is called in messages. */
  readonly shown: string;
  /** Absolute. */
  readonly folder: string;
  /** Undefined when it cannot be read. */
  readonly bytes: Uint8Array | undefined;
};

export type CheckedFile =
  | { readonly workflow: Workflow; readonly titleAt: Position; readonly problems: readonly [] }
  | { readonly workflow: null; readonly problems: readonly WorkflowProblem[] };

/** One file's bytes to a workflow, or to everything that is wrong with it. Pure. */
export function checkFile(source: WorkflowSource, defaultAuditChannel: string | null): CheckedFile {
  const { name, shown, folder, bytes } = source;
  const unreadable = (text: string): CheckedFile => ({
    workflow: null,
    problems: [{ file: shown, line: 1, column: 1, path: '', text }],
  });
  if (bytes === undefined || bytes.byteLength > MAX_BYTES) {
    return unreadable(`cannot be read as a file of at most ${MAX_BYTES / 1024} KiB`);
  }
  const text = decode(bytes);
  if (text === undefined) return unreadable('must be UTF-8 text');

  const parsed = parseYaml(text);
  if (parsed.errors.length > 0) {
    return { workflow: null, problems: parsed.errors.map((error) => ({ file: shown, path: '', ...error })) };
  }
  const result = workflowFile.safeParse(parsed.value);
  const findings = [
    ...(result.success ? [] : explain(result.error.issues, parsed.value)),
    ...crossCheck(parsed.value),
    ...nameCheck(name, parsed.value),
    ...auditCheck(parsed.value, defaultAuditChannel),
  ];
  if (!result.success || findings.length > 0) {
    return { workflow: null, problems: findings.map((finding) => place(shown, parsed, finding)) };
  }
  const hash = createHash('sha256').update(bytes).digest('hex');
  const auditChannel = result.data.audit?.channel ?? defaultAuditChannel ?? '';
  const workflow = toWorkflow(result.data, { hash, folder, auditChannel });
  return { workflow, titleAt: parsed.positionOf(['title']), problems: [] };
}

/** One name everywhere: file, YAML, log, Slack. It also makes names unique. */
function nameCheck(file: string, value: unknown): Finding[] {
  const name = valueAt(value, ['name']);
  const expected = file.replace(/\.ya?ml$/i, '');
  if (!file.endsWith('.yaml')) return [{ path: [], text: `must be called ${expected}.yaml; it is ${file}` }];
  if (typeof name !== 'string' || name === expected) return [];
  return [{ path: ['name'], text: `must be ${JSON.stringify(expected)}, as the file is called ${file}` }];
}

function auditCheck(value: unknown, defaultAuditChannel: string | null): Finding[] {
  if (defaultAuditChannel !== null || valueAt(value, ['audit']) !== undefined) return [];
  return [
    {
      path: ['audit'],
      text: 'is missing: must be a section with a channel, unless BREAKGLASS_AUDIT_CHANNEL is set',
    },
  ];
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
