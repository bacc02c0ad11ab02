import type { Workflow } from '../domain/workflow.ts';

/** The validated workflow files of this process, by name. Fixed at start. */
export type Workflows = ReadonlyMap<string, Workflow>;
