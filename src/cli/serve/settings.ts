import { ConfigError } from '../../config/config-error.ts';
import type { RunRole } from '../../config/environment.ts';
import { loadConfig, loadWorkflowSettings } from '../../config/load-config.ts';
import { loadWorkflows } from '../../config/workflow/load-workflows.ts';
import type { Workflows } from '../../ports/workflows.ts';
import type { Io } from '../io.ts';

type Settings = ReturnType<typeof loadConfig> & { readonly workflows: Workflows };

/** Environment and workflow files. When both are wrong both are said, so that all of it can be mended at once. ConfigError. */
export async function readSettings(role: RunRole, { env, err }: Io): Promise<Settings> {
  const loading = env === undefined ? {} : { env };
  try {
    const { config, secrets } = loadConfig(role, loading);
    const { workflowsFolder: folder, auditChannel } = config;
    return { config, secrets, workflows: await loadWorkflows({ folder, auditChannel }) };
  } catch (error) {
    const policy = async () => loadWorkflows(loadWorkflowSettings(loading));
    const other = isAbout(error, 'environment') ? await policy().catch((wrong: unknown) => wrong) : undefined;
    if (isAbout(other, 'workflows')) err(other.message);
    throw error;
  }
}

const isAbout = (error: unknown, code: ConfigError['code']): error is ConfigError =>
  error instanceof ConfigError && error.code === code;
