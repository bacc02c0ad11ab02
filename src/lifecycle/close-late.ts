import { decideCloseLate } from '../domain/decide/close.ts';
import type { Holding } from '../domain/request.ts';
import type { OpenRule } from '../domain/rule.ts';
import { getRequest } from '../domain/state.ts';
import { isoTime, SECOND } from '../domain/time.ts';
import type { Alert } from '../ports/pager.ts';
import { consoleUrl, revokeCommand } from './by-hand.ts';
import { commit } from './commit.ts';
import type { Worker } from './worker.ts';

/** Wakes somebody, once for each request, with what they need to close the port by hand. Closing goes on meanwhile. */
export async function sayLate(worker: Worker, request: Holding, known: readonly OpenRule[]): Promise<void> {
  const { id } = request;
  if (getRequest(worker.log.state, id)?.late.close === true) return;
  if (!worker.memory.firstPage(id, 'close')) return;
  worker.telemetry.event('close-late', { request: id });
  const page = pageFor(request, known);
  const { text } = page;
  const now = worker.clock.now();
  // Before there was a log the sweep may have named these very rules.
  const isPaged = ({ ruleId }: OpenRule): boolean => worker.memory.strays.get(ruleId)?.paged === true;
  await Promise.all([
    known.some(isPaged) ? undefined : worker.pager.page(page),
    commit(worker.log, (state) => decideCloseLate(state, { request: id, text }, now)),
  ]);
}

function pageFor({ id, intended, deadline }: Holding, known: readonly OpenRule[]): Alert {
  const { target, rules } = intended;
  const { account, region, port } = target;
  const groups = rules.map(({ group }) => group);
  const since = isoTime(deadline * SECOND);
  const commands = groups.flatMap((group) => {
    const ids = known.filter((rule) => rule.group === group).map(({ ruleId }) => ruleId);
    return ids.length === 0 ? [] : [revokeCommand({ region, group }, ids)];
  });
  return {
    kind: 'close-late',
    request: id,
    text: `Port ${port} in ${groups.join(', ')} (${account}, ${region}) should have closed at ${since} and has not been seen closed.`,
    consoleUrl: consoleUrl({ region, group: groups[0] }),
    // It finds what carries the request's tag by itself.
    command: commands.length > 0 ? commands.join('; ') : `npx breakglass close ${id}`,
  };
}
