import type { RecordType } from '../../src/domain/records.ts';
import { bounded } from '../lib/bounded.ts';
import { until } from '../lib/until.ts';
import { Timeline } from '../outside/timeline.ts';
import { WORKFLOW } from '../world/workflow.ts';
import type { World } from '../world/world.ts';
import type { Fault, Row, Scene } from './row.ts';
import type { Window } from './window.ts';

const INCIDENT = 'https://example.pagerduty.com/incidents/PINC0042';
/** People who act at the same instant. */
const AT_ONCE = 12;
/** One window in so many is opened to an address that another window of its wave is opened to as well. */
const SHARED = 10;
/** After the approvals: what is not open by then will not be waited for. */
const OPENS_WITHIN = 25_000;
/** After the last deadline and the end of the fault: what is not over by then is counted as it is. */
const SETTLES_WITHIN = 90_000;
/** How long after its record a message is waited for while the port is still looked at closely. */
const TOLD_WITHIN = 3_000;

const NEVER_OPEN: readonly RecordType[] = ['open.failed', 'request.lapsed', 'close.confirmed'];

/** Asks for a wave of windows, has them approved, lets the fault happen, and waits until everything is over. */
export async function playWave(
  world: World,
  row: Row,
  fault: Fault,
  { count, wave, random, struck }: Pick<Scene, 'wave' | 'random' | 'struck'> & { count: number },
): Promise<Window[]> {
  const windows = plan(world, { count, wave });
  const { observer, people, log } = world;

  const cards = await bounded([...windows.entries()], AT_ONCE, async ([position, window]) => {
    const by = people.askers[position % people.askers.length] ?? '';
    const seconds = random.between(...(fault.seconds ?? row.seconds)(count));
    const { host, reason } = window;
    const question = { by, workflow: WORKFLOW, address: host.address, seconds, reason, incident: INCIDENT };
    const { taken, text } = await people.ask(question);
    if (!taken) throw new Error(`a question was not taken: ${text}`);
    const card = await people.card(reason);
    window.request = card.request;
    return card;
  });

  const from = Date.now();
  for (const { host } of windows) observer.closely(host);
  const scene = { world, random, wave, windows, since: from, struck };
  const opening = fault.opening?.(scene);
  opening?.catch(() => undefined);
  await bounded(cards, AT_ONCE, (card) => people.approve(card));
  await until(OPENS_WITHIN, async () => {
    await log.refresh();
    return windows.map((window) => isBegun(world, windows, window)).every((begun) => begun);
  });
  await opening;
  await fault.open?.(scene);

  const last = Math.max(...windows.map(({ deadline }) => deadline ?? 0), Date.now());
  await until(last - Date.now() + SETTLES_WITHIN, async () => {
    await log.refresh();
    for (const window of windows) isBegun(world, windows, window);
    return windows.every(({ request }) => request === undefined || isOver(world, request));
  });
  const seen = await observer.seen();
  const to = Date.now();
  const timelines = new Map(
    windows.map(({ host }) => [host, new Timeline(seen[host.name] ?? [], from, to)] as const),
  );
  for (const window of windows) {
    observer.stop(window.host);
    window.seen = timelines.get(window.host) ?? window.seen;
  }
  return windows;
}

function plan(world: World, { count, wave }: { count: number; wave: number }): Window[] {
  const own = count - Math.floor(count / SHARED);
  return Array.from({ length: count }, (_, n) => {
    const host = world.hosts[n < own ? n : n - own];
    if (host === undefined) throw new Error('there are fewer hosts than windows');
    return {
      host,
      reason: `Window ${n + 1} of wave ${wave + 1} needs the console`,
      request: undefined,
      deadline: undefined,
      followed: false,
      seen: new Timeline([], 0, 0),
    };
  });
}

/** Open and said so, or never going to be. From then on its port is looked at closely around its deadline alone. */
function isBegun(world: World, windows: readonly Window[], window: Window): boolean {
  const { log, observer } = world;
  const { request } = window;
  if (request === undefined || window.followed) return true;
  if (log.of(request).some(({ type }) => NEVER_OPEN.includes(type))) return true;
  window.deadline ??= deadlineOf(world, request);
  if (window.deadline === undefined || !isTold(world, request)) return false;
  window.followed = true;
  const sharing = windows.filter(({ host }) => host === window.host).map(({ deadline }) => deadline ?? 0);
  observer.around(window.host, Math.max(...sharing));
  return true;
}

const deadlineOf = ({ log }: World, request: string): number | undefined => {
  const intended = log.one('open.intended', request);
  return intended && intended.deadline * 1000;
};

function isTold({ log, happenings }: World, request: string): boolean {
  const confirmed = log.one('open.confirmed', request);
  if (confirmed === undefined) return false;
  const waited = Date.now() - confirmed.openedAt;
  return waited > TOLD_WITHIN || happenings.of(request).some(({ key }) => key === 'open');
}

/** Its record is sealed, and its last message is out. */
const isOver = ({ log, happenings }: World, request: string): boolean =>
  log.one('request.sealed', request) !== undefined &&
  happenings.of(request).some(({ key }) => key === 'sealed');
