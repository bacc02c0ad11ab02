import type { State } from '../domain/state.ts';

/** Where those who guard the ports look. Holds nothing of its own: what it has to say stands in the log. */
export interface SecurityChannel {
  /**
   * Says each finding of the sweep once, oldest first; one that was said before a crash is found again by its metadata.
   * Throws when the other side is away; what was said until then is not said again.
   */
  report(findings: State['findings']): Promise<void>;
}
