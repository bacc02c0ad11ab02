import type { Under } from '../fact.ts';
import type { BreakglassRecord } from '../records.ts';
import { refusal, type Refusal, type RefusalCode } from '../refusals.ts';
import type { State } from '../state.ts';
import type { Workflow } from '../workflow.ts';

/** What a command comes to: records to append (none when it is already so), or the reasons why not. */
export type Decision =
  | { readonly kind: 'do'; readonly records: readonly BreakglassRecord[] }
  | { readonly kind: 'refuse'; readonly refusals: readonly Refusal[] };

export const record = (...records: BreakglassRecord[]): Decision => ({ kind: 'do', records });
/** Same state asked for again: nothing to write, nothing to complain about. */
export const alreadySo: Decision = { kind: 'do', records: [] };
export const refuse = (...refusals: Refusal[]): Decision => ({ kind: 'refuse', refusals });
export const refuseFor = (code: RefusalCode, values?: Readonly<Record<string, string>>): Decision =>
  refuse(refusal(code, values));

/** What decides: the software, and the policy as this process has it; undefined when its file is gone. */
export type Deciding = { readonly software: string; readonly workflow: Workflow | undefined };

/** The same, for the record. */
export const under = ({ software, workflow }: Deciding): Under => ({
  software,
  workflowHash: workflow?.hash ?? null,
});

/** A log that holds something this version cannot account for opens nothing. */
export const distrusted = (state: State): Decision | undefined =>
  state.distrust === null ? undefined : refuseFor('log-not-trusted');
