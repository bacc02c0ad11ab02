import { reportOf } from '../domain/decide/sweep.ts';
import { isGranted } from '../domain/extension.ts';
import type { In } from '../domain/request.ts';
import type { OpenRule } from '../domain/rule.ts';
import { holdersOf, isEnding } from '../domain/state.ts';
import { SECOND, type EpochSeconds } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { Area } from './areas.ts';
import { switching } from './name-changes.ts';
import { isOurs } from './own-rules.ts';
import { endOf } from './window.ts';
import { inState, type Worker } from './worker.ts';

/** A switch that was armed then is looked at again. */
const LOOK_EVERY = 60 * SECOND;
/** Windows in one sweep: thousands of them must not turn a look into a flood. */
const LOOKS_A_SWEEP = 50;
/** Each look takes a while of this process, and somebody's window may end meanwhile. */
const LOOKS_AT_ONCE = 5;

/**
 * Looks at the switches of open windows, and arms again what is missing or not as it should be: somebody may have deleted
 * one by hand, a worker that was frozen for long may have disarmed what is by now another grant's, and one that let go of a
 * rule while another opened it may have written the end that it knew. The same of an end on the rule's tag that is too late.
 */
export async function repairSwitches(
  worker: Worker,
  { securityGroups }: Area,
  observed: readonly ObservedRule[],
): Promise<void> {
  const { clock, memory } = worker;
  const groups = new Set(securityGroups);
  const seen = ({ id }: In<'open'>): number => memory.switchSeen.get(id) ?? Number.NEGATIVE_INFINITY;
  const due = [...worker.log.state.requests.values()]
    .filter((request): request is In<'open'> => request.state === 'open')
    .filter(({ confirmed }) => confirmed.rules.every(({ group }) => groups.has(group)))
    .filter((open) => clock.monotonic() - seen(open) >= LOOK_EVERY)
    .toSorted((one, other) => seen(one) - seen(other))
    .slice(0, LOOKS_A_SWEEP);
  const left = due.values();
  const lane = async (): Promise<void> => {
    for (const open of left) await look(worker, open, observed).catch(() => undefined);
  };
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, lane));
}

async function look(
  worker: Worker,
  { id, confirmed }: In<'open'>,
  observed: readonly ObservedRule[],
): Promise<void> {
  for (const rule of confirmed.rules) {
    await repair(worker, id, rule);
    await repairTag(worker, id, rule, observed);
  }
  worker.memory.switchSeen.set(id, worker.clock.monotonic());
}

async function repair(worker: Worker, id: string, rule: OpenRule): Promise<void> {
  if ((await withoutSwitch(worker, id, rule)) === undefined) return;
  // The newest word before anything is changed: what is being closed by now needs no switch.
  await worker.log.refresh();
  const open = await withoutSwitch(worker, id, rule);
  if (open === undefined) return;
  const end = endOf(worker, rule, { request: id, ...open });
  const { awsRequests: switchRequests } = await worker.access.arm(open.intended.target, rule, end);
  const at = worker.clock.now();
  const found = { finding: 'switch-repaired', request: id, rules: [reportOf(rule)] } as const;
  worker.memory.unwritten.add({ ...found, at, switchRequests });
  worker.telemetry.event('sweep-finding', { finding: 'switch-repaired', rule: rule.ruleId, request: id });
}

/**
 * The open window whose rule has no switch, or a wrong one. Right is one of the rule's end, or of the one that an approved
 * extension is about to make. Undefined also where nobody needs a switch any more.
 */
async function withoutSwitch(worker: Worker, id: string, rule: OpenRule): Promise<In<'open'> | undefined> {
  const open = inState(worker, id, 'open');
  if (open === undefined || isEnding(open, worker.clock.now())) return undefined;
  for (const end of rightEnds(worker, rule, open))
    if (await isGuarded(worker, open, rule, end)) return undefined;
  return open;
}

/** By its id. Who opens the same rule just now has armed it by properties, for whatever its own call makes. */
function isGuarded(worker: Worker, open: In<'open'>, rule: OpenRule, end: EpochSeconds): Promise<boolean> {
  const { access, log } = worker;
  const { target } = open.intended;
  const isOpenedAgain = holdersOf(log.state, rule, open.id).some(({ state }) => state === 'opening');
  return isOpenedAgain ? access.isArmed(target, rule, end) : access.isPinned(target, rule, end);
}

/**
 * A worker that starts without the log goes by the tag, and so does `breakglass status`: one that says too late an end is set
 * back. One that says an earlier one ends the window.
 */
async function repairTag(
  worker: Worker,
  id: string,
  rule: OpenRule,
  observed: readonly ObservedRule[],
): Promise<void> {
  const there = observed.find(({ ruleId }) => ruleId === rule.ruleId);
  if (there === undefined || !isOurs(worker, there)) return;
  const wrong = (): In<'open'> | undefined => {
    const open = inState(worker, id, 'open');
    if (open === undefined || isEnding(open, worker.clock.now())) return undefined;
    return (there.tags.expiresAt ?? 0) > Math.max(...rightEnds(worker, rule, open)) ? open : undefined;
  };
  if (wrong() === undefined) return;
  await worker.log.refresh();
  const open = wrong();
  if (open === undefined) return;
  const end = endOf(worker, rule, { request: id, ...open });
  await switching(worker, id, worker.access.keepUntil(open.intended.target, rule, end));
}

/** The rule's end, and the one that an approved extension is about to make. */
function rightEnds(worker: Worker, rule: OpenRule, open: In<'open'>): EpochSeconds[] {
  const { id: request, deadline } = open;
  const deadlines = isGranted(open) ? [deadline, open.extension.asked.until] : [deadline];
  return deadlines.map((each) => endOf(worker, rule, { request, deadline: each }));
}
