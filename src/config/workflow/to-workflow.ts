import { resolve } from 'node:path';
import type { Members } from '../../domain/person.ts';
import { DEFAULT_FLOW_FIELDS } from '../../domain/flow-logs.ts';
import type { RuleNumbers, Target } from '../../domain/rule.ts';
import { parseDuration } from '../../domain/time.ts';
import type { Extend, Rotation, Workflow } from '../../domain/workflow.ts';
import { flowFieldsOf, numbersOf } from './fields.ts';
import type { WorkflowFile } from './schema.ts';

export type Surroundings = {
  /** SHA-256 of the file's bytes, hex. */
  readonly hash: string;
  /** The file's folder, absolute: relative paths start there. */
  readonly folder: string;
  readonly auditChannel: string;
};

/** A checked file as the domain wants it. */
export function toWorkflow(file: WorkflowFile, { hash, folder, auditChannel }: Surroundings): Workflow {
  const { name, title, target, sources, reason, approval, incident, duration } = file;
  return {
    name,
    title,
    hash,
    target: { ...target, cut: toCut(file.close), ...toActivity(file.activity) },
    sources,
    duration: {
      defaultSeconds: seconds(duration.default),
      maxSeconds: seconds(duration.max),
      extend: duration.extend === undefined ? null : toExtend(duration.extend),
    },
    reason,
    requesters: toMembers(file.requesters),
    approval: {
      count: approval.count,
      from: toMembers(approval.from),
      lapseAfterSeconds: seconds(approval.lapseAfter),
      channel: approval.channel ?? null,
    },
    incident: {
      provider: incident.provider,
      states: incident.states,
      maxAgeSeconds: seconds(incident.maxAge),
    },
    rotate: toRotation(file.rotate, folder),
    audit: { channel: auditChannel },
  };
}

const toCut = ({ cutConnections }: WorkflowFile['close']): RuleNumbers | null =>
  cutConnections === 'none' ? null : numbersOf(cutConnections.networkAcl.ruleNumbers);

function toActivity(activity: WorkflowFile['activity']): Pick<Target, 'activity'> {
  if (activity === 'none') return {};
  if (activity.flowLogs === 'none') return { activity: { flowLogs: null } };
  const { logGroup, format } = activity.flowLogs;
  const fields = format === undefined ? DEFAULT_FLOW_FIELDS : flowFieldsOf(format);
  return { activity: { flowLogs: { logGroup, fields } } };
}

const toExtend = ({ by, times }: NonNullable<WorkflowFile['duration']['extend']>): Extend => ({
  bySeconds: seconds(by),
  times,
});

function toRotation(rotate: WorkflowFile['rotate'], folder: string): Rotation {
  if (rotate === 'none') return { kind: 'none' };
  const { issuer, probe } = rotate;
  const colon = probe.lastIndexOf(':');
  return {
    kind: rotate.kind,
    certificate: rotate.certificate,
    issuer: {
      kind: issuer.kind,
      certificatePath: resolve(folder, issuer.certificate),
      keyPath: resolve(folder, issuer.key),
      validitySeconds: seconds(issuer.validity),
    },
    probe: { host: probe.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(probe.slice(colon + 1)) },
    withinSeconds: seconds(rotate.within),
  };
}

const toMembers = ({ groups = [], users = [] }: WorkflowFile['requesters']): Members => ({ groups, users });

function seconds(text: string): number {
  const value = parseDuration(text);
  if (value === undefined) throw new Error(`${text} was not checked`);
  return value;
}
