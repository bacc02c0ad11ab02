import { decideRefusalRecord } from '../domain/decide/refuse.ts';
import { under } from '../domain/decide/decision.ts';
import type { Identity, PersonFacts } from '../domain/person.ts';
import type { ActionRefused } from '../domain/records.ts';
import type { Refusal } from '../domain/refusals.ts';
import { vouchedFor } from '../domain/vouched.ts';
import type { Workflow } from '../domain/workflow.ts';
import { commitOrExplain } from './commit.ts';
import type { Answer, Desk } from './desk.ts';

export type Refusing = {
  readonly action: string;
  readonly request: string | null;
  /** What it is called, and as this process has it; undefined when its file is gone. */
  readonly name: string | null;
  readonly workflow: Workflow | undefined;
  readonly identity: Identity;
  /** Null when the directory did not answer: then it counts whether the log knows them. */
  readonly person: PersonFacts | null;
  readonly incident?: ActionRefused['incident'];
};

/**
 * Says no, and leaves the record that it was said: of whoever the directory knows, or else the log; anybody else is counted.
 * The answer does not depend on whether that record could be written.
 */
export async function refuseWith(desk: Desk, what: Refusing, refusals: readonly Refusal[]): Promise<Answer> {
  const { action, request, name, workflow, identity, incident = null } = what;
  const codes = refusals.map(({ code }) => code);
  desk.telemetry.event('refused', { action, request, workflow: name, codes: codes.join(' ') });
  const person = what.person ?? vouchedFor(desk.log.state.requests.values(), identity);
  if (person !== undefined) {
    const now = desk.clock.now();
    const decided = under({ software: desk.software, workflow });
    const refused = { action, request, workflow: name, ...decided, person, incident, codes };
    await commitOrExplain(desk.log, (state) => decideRefusalRecord(state, refused, now));
  }
  return { ok: false, refusals };
}
