import { decideCloseLate } from '../domain/decide/close.ts';
import { alreadySo } from '../domain/decide/decision.ts';
import { dueAt, lateClosing, type LateClosing } from '../domain/late-closing.ts';
import type { Holding } from '../domain/request.ts';
import type { OpenRule } from '../domain/rule.ts';
import { isoTime, SECOND } from '../domain/time.ts';
import type { Alert } from '../ports/pager.ts';
import { commit } from './commit.ts';
import type { Page } from './page.ts';
import { wake } from './wake.ts';
import type { Worker } from './worker.ts';

/** This long after it was due somebody is woken. */
export const LATE_AFTER = 30 * SECOND;

/**
 * Whether somebody has to be woken: it was due long ago by both clocks, or this process has been closing it for as long,
 * whatever the clocks say. `begun`: when it began that, on the monotonic clock.
 */
export function isLate({ clock, memory }: Worker, request: Holding, begun: number): boolean {
  if (clock.monotonic() - begun > LATE_AFTER) return true;
  const { id, deadline } = request;
  // Something of it is to go once more: another grant has needed it until now.
  if (memory.shownGone.has(id)) return false;
  const due = dueAt(request);
  const lateness = memory.deadlines.lateness(id, deadline) + deadline * SECOND - due;
  return Math.min(lateness, clock.now() - due) > LATE_AFTER;
}

/**
 * Wakes somebody with what they need to close the port by hand, and lets the log know. To be called again and again for as
 * long as it is late: the page is repeated until it was taken, here or by another worker's pager, and its record until it is
 * written. Nothing waits for either.
 */
export function sayLate(worker: Worker, request: Holding, known: readonly OpenRule[]): void {
  const { id } = request;
  const { clock, memory, telemetry } = worker;
  if (request.late.close === 'paged') return;
  const page = memory.page(id, 'close');
  if (page.isNew) telemetry.event('close-late', { request: id });
  // Before there was a log the sweep may have woken somebody for these very rules.
  if (known.some(({ ruleId }) => memory.strays.get(ruleId)?.page?.isTaken)) page.taken();
  const alert = alertFor(id, lateClosing(request, known));
  const note = (): void => noteLate(worker, id, alert.text, page);
  if (page.isDue(clock.monotonic())) void wake(worker, [page], alert).then(note);
  else note();
}

/** Says whether somebody could be woken: whoever reads that nobody could sees to it as well. */
function noteLate({ log, clock, memory }: Worker, request: string, text: string, page: Page): void {
  const { notingLate } = memory;
  if (notingLate.has(request) || !(page.isTaken || page.isRefused)) return;
  const command = { request, text, paged: page.isTaken };
  const now = clock.now();
  if (decideCloseLate(log.state, command, now) === alreadySo) return;
  notingLate.add(request);
  void commit(log, (state) => decideCloseLate(state, command, now))
    .catch(() => undefined)
    .finally(() => notingLate.delete(request));
}

function alertFor(request: string, late: LateClosing): Alert {
  const { account, region, port, groups, since, consoleUrl, commands } = late;
  return {
    kind: 'close-late',
    request,
    text: `Port ${port} in ${groups.join(', ')} (${account}, ${region}) should have closed at ${isoTime(since)} and is not proven closed.`,
    consoleUrl,
    command: commands.join('; '),
  };
}
