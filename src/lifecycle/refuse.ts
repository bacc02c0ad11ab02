import { decideRefusalRecord } from '../domain/decide/refuse.ts';
import type { PersonFacts } from '../domain/person.ts';
import type { Refusal } from '../domain/refusals.ts';
import { commitOrExplain } from './commit.ts';
import type { Answer, Desk } from './desk.ts';

export type Refusing = {
  readonly action: string;
  readonly request: string | null;
  readonly workflow: string | null;
  /** Null when the directory did not answer: somebody unknown is counted, not recorded. */
  readonly person: PersonFacts | null;
};

/** Says no, and leaves the record that it was said. The answer does not depend on whether that record could be written. */
export async function refuseWith(desk: Desk, what: Refusing, refusals: readonly Refusal[]): Promise<Answer> {
  const { action, request, workflow, person } = what;
  const codes = refusals.map(({ code }) => code);
  desk.telemetry.event('refused', { action, request, workflow, codes: codes.join(' ') });
  if (person !== null) {
    const now = desk.clock.now();
    await commitOrExplain(desk.log, (state) =>
      decideRefusalRecord(state, { action, request, workflow, person, codes }, now),
    );
  }
  return { ok: false, refusals };
}
