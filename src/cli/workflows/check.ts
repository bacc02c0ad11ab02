import { loadWorkflowSettings } from '../../config/load-config.ts';
import { problemText } from '../../config/workflow/explain.ts';
import { checkWorkflows } from '../../config/workflow/load-workflows.ts';
import { formatDuration } from '../../domain/time.ts';
import type { Workflow } from '../../domain/workflow.ts';
import { EXIT, json, type ExitCode, type Io } from '../io.ts';
import { table } from '../table.ts';

export async function checkFolder(
  folder: string | undefined,
  options: { json: boolean },
  io: Io,
): Promise<ExitCode> {
  const settings = loadWorkflowSettings(io.env === undefined ? {} : { env: io.env });
  const checked = await checkWorkflows({ ...settings, ...(folder === undefined ? {} : { folder }) });
  const { files, workflows, problems } = checked;
  const valid = problems.length === 0;
  if (options.json) {
    io.out(
      json({
        valid,
        files,
        workflows: [...workflows.values()].map(({ name, hash }) => ({ name, hash })),
        problems,
      }),
    );
    return valid ? EXIT.ok : EXIT.bad;
  }
  for (const problem of problems) io.out(problemText(problem));
  if (valid)
    table(['workflow', 'port', 'window', 'approvals', 'rotation'], [...workflows.values()].map(row)).forEach(
      io.out,
    );
  io.out(summary(files.length, problems.length));
  return valid ? EXIT.ok : EXIT.bad;
}

const row = ({ name, target, duration, approval, rotate }: Workflow): string[] => [
  name,
  String(target.port),
  `${formatDuration(duration.defaultSeconds)}, at most ${formatDuration(duration.maxSeconds)}`,
  String(approval.count),
  rotate.kind,
];

function summary(files: number, problems: number): string {
  const looked = `${files} ${files === 1 ? 'file' : 'files'}`;
  return problems === 0
    ? `${looked}, no problems`
    : `${looked}, ${problems} ${problems === 1 ? 'problem' : 'problems'}`;
}
