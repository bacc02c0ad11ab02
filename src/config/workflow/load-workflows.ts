import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { Workflow } from '../../domain/workflow.ts';
import type { Workflows } from '../../ports/workflows.ts';
import { ConfigError } from '../config-error.ts';
import { checkFile } from './check-file.ts';
import { byPosition, problemText, type WorkflowProblem } from './explain.ts';

export type WorkflowSettings = {
  readonly folder: string;
  /** For files that name none. */
  readonly auditChannel: string | null;
};

export type WorkflowCheck = {
  /** Files that were looked at, as messages call them. */
  readonly files: readonly string[];
  /** Those of them that are right, by name. */
  readonly workflows: Workflows;
  readonly problems: readonly WorkflowProblem[];
};

/** Checks every `*.yaml` and `*.yml` of a folder, not of folders in it. ConfigError `workflows` when there is none. */
export async function checkWorkflows({ folder, auditChannel }: WorkflowSettings): Promise<WorkflowCheck> {
  const absolute = resolve(folder);
  const names = await workflowFiles(folder);
  const workflows = new Map<string, Workflow>();
  const titles = new Map<string, string>();
  const problems: WorkflowProblem[] = [];
  const files: string[] = [];
  for (const name of names) {
    const path = join(absolute, name);
    const shown = shownPath(path);
    const bytes = await readFile(path).catch(() => undefined);
    const checked = checkFile({ name, shown, folder: absolute, bytes }, auditChannel);
    files.push(shown);
    problems.push(...checked.problems);
    if (checked.workflow === null) continue;
    const { name: workflow, title } = checked.workflow;
    const first = titles.get(title);
    if (first === undefined) {
      titles.set(title, shown);
      workflows.set(workflow, checked.workflow);
    } else {
      const text = `must differ from that of ${first}: people choose by it`;
      problems.push({ file: shown, ...checked.titleAt, path: 'title', text });
    }
  }
  return { files, workflows, problems: problems.toSorted(byPosition) };
}

/** The workflows of a folder. ConfigError `workflows` with every problem in every file, or when there is none at all. */
export async function loadWorkflows(settings: WorkflowSettings): Promise<Workflows> {
  const { workflows, problems } = await checkWorkflows(settings);
  if (problems.length > 0) throw new ConfigError('workflows', problems.map(problemText));
  return workflows;
}

async function workflowFiles(folder: string): Promise<string[]> {
  const names = await readdir(resolve(folder)).catch(() => {
    throw new ConfigError('workflows', [
      `${folder} must be a folder that can be read (BREAKGLASS_WORKFLOWS)`,
    ]);
  });
  const files = names.filter((name) => /^[^.].*\.ya?ml$/i.test(name)).toSorted();
  if (files.length === 0) throw new ConfigError('workflows', [`${folder} holds no workflow file (*.yaml)`]);
  return files;
}

/** Relative where that is shorter to read. */
function shownPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith(`..${sep}`) ? path : fromHere;
}
