import type { By, Fact } from './fact.ts';

/** A rule of ours that was not as it should be, or one on a protected port that nobody asked for. */
export type SweepReported = Fact<
  'sweep.reported',
  By & {
    readonly request: string | null;
    /** Who found it: of several that see the same, one has reported it. */
    readonly worker: string;
    readonly finding: Finding;
    readonly rules: readonly ReportedRule[];
    /** Who made it and when, where CloudTrail says so already. */
    readonly by: { readonly principal: string; readonly at: string } | null;
    /** Of a switch that was armed again, or of one whose rule was taken back. */
    readonly switchRequests?: readonly string[];
    /**
     * Of the revoke of a rule that had to go, after what had made it where that was this process. None where somebody else
     * was faster, or the answer was lost.
     */
    readonly awsRequests?: readonly string[];
  }
>;

export type Finding =
  /** Ours, and closed: past its end. */
  | 'overdue'
  /** Ours, and closed: no grant explains it. */
  | 'unknown'
  /** Ours, and closed: wider than anything that we would open, or not what was opened under its id any more. */
  | 'wrong-shape'
  /** Ours, has to go, and is still there: somebody is woken. Why it has to is said once it is closed. */
  | 'not-closed'
  /** Ours, and gone before its end. */
  | 'vanished'
  /** Its switch was missing or wrong, and has been armed again. */
  | 'switch-repaired'
  /** Not ours, covers a protected port, and no workflow accounts for it. Not touched. */
  | 'unexpected'
  /** What was unexpected before: CloudTrail has meanwhile said whose it is. */
  | 'attributed'
  /** What was unexpected before is there no more, or has another shape by now. */
  | 'gone';

/** A rule as it was found, whatever its shape. `source` is an address, a prefix list or a security group. */
export type ReportedRule = {
  readonly account: string;
  readonly region: string;
  readonly group: string;
  readonly ruleId: string;
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly source: string;
};
