import type { Decision } from '../domain/decide/decision.ts';
import type { State } from '../domain/state.ts';
import type { Armed, ChangeListener } from '../ports/access.ts';
import type { Changed } from './changes.ts';
import { commit, type Committed } from './commit.ts';
import type { Worker } from './worker.ts';

/** A switch that is armed for a request: its next record names the calls. */
export async function arming(
  { memory }: Pick<Worker, 'memory'>,
  id: string,
  change: Promise<Armed>,
): Promise<Armed> {
  const armed = await change;
  memory.changes.add(id, 'switchRequests', armed.awsRequests);
  return armed;
}

/** As `arming`, of a switch that is moved or deleted, or a tag. */
export async function switching(
  { memory }: Pick<Worker, 'memory'>,
  id: string,
  change: Promise<readonly string[]>,
): Promise<void> {
  memory.changes.add(id, 'switchRequests', await change);
}

/** For what shuts out by a deny entry, or lets in again: an entry that was changed counts even where what follows fails. */
export const denying =
  ({ memory }: Pick<Worker, 'memory'>, id: string): ChangeListener =>
  (what, awsRequests) =>
    memory.changes.add(id, what === 'entry' ? 'closeRequests' : 'switchRequests', awsRequests);

/** As `commit`, of the record that names what has been changed of these kinds: once it is written, no other does. */
export async function commitNaming<Kind extends keyof Changed>(
  { log, memory }: Pick<Worker, 'log' | 'memory'>,
  id: string,
  kinds: readonly Kind[],
  decide: (state: State, changed: Pick<Changed, Kind>) => Decision,
): Promise<Committed> {
  const changed = memory.changes.of(id);
  const committed = await commit(log, (state) => decide(state, changed));
  if (committed.ok && committed.written.length > 0) memory.changes.named(id, changed, kinds);
  return committed;
}
