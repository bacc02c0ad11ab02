import { reportOf } from '../domain/decide/sweep.ts';
import { isGranted } from '../domain/extension.ts';
import type { In } from '../domain/request.ts';
import type { OpenRule } from '../domain/rule.ts';
import { isEnding } from '../domain/state.ts';
import { SECOND, type EpochSeconds } from '../domain/time.ts';
import type { Area } from './areas.ts';
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
 * one by hand, or a worker that was frozen for long may have disarmed what is by now another grant's.
 */
export async function repairSwitches(worker: Worker, { securityGroups }: Area): Promise<void> {
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
    for (const open of left) await look(worker, open).catch(() => undefined);
  };
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, lane));
}

async function look(worker: Worker, { id, confirmed }: In<'open'>): Promise<void> {
  for (const rule of confirmed.rules) await repair(worker, id, rule);
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
 * The open window whose rule has no switch, or a wrong one. Right is the rule's end, or the one that an approved extension
 * is about to make. Undefined also where nobody needs a switch any more.
 */
async function withoutSwitch(worker: Worker, id: string, rule: OpenRule): Promise<In<'open'> | undefined> {
  const open = inState(worker, id, 'open');
  if (open === undefined || isEnding(open, worker.clock.now())) return undefined;
  const { target } = open.intended;
  const armedFor = (deadline: EpochSeconds): Promise<boolean> =>
    worker.access.isArmed(target, rule, endOf(worker, rule, { request: id, deadline }));
  if (await armedFor(open.deadline)) return undefined;
  return isGranted(open) && (await armedFor(open.extension.asked.until)) ? undefined : open;
}
