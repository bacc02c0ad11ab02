import { setTimeout as pause } from 'node:timers/promises';
import type { RecordedCall } from '../../src/sandbox/client.ts';
import { until } from '../lib/until.ts';
import { type Answer, answers } from '../world/answers.ts';
import type { Member } from '../world/member.ts';
import { anyDue, at, deadlinesOf, type Fault } from './row.ts';

/** How long a worker sleeps past the deadline that it should have kept. */
const PAST = 3_000;
/** Widens the time between reading the switch back and authorizing. */
const SLOW_AWS = 300;
const LOOK_EVERY = 15;
/** What a worker had sent before it was stopped has been carried out by then. */
const ARRIVES_WITHIN = 1_000;
const GIVES_UP_AFTER = 20_000;
/** Who wakes up then finds some deadlines passed, and some windows opened by somebody else. */
const SLEEPS_FOR = 42_000;

const PAST_DEADLINE = 'workers stopped with windows due before they went on';
const BEFORE_AUTHORIZING = 'openings stopped between reading the switch back and authorizing';

/** One worker after the other stops dead before a deadline, and goes on after it as if nothing had been. */
export const frozenPastDeadline: Fault = {
  strikes: [PAST_DEADLINE],
  open: async (scene) => {
    const { workers } = scene.world;
    const deadlines = deadlinesOf(scene);
    let due = deadlines[0];
    for (let turn = 0; due !== undefined; turn += 1) {
      const worker = workers[turn % workers.length];
      await at(due - scene.random.between(50, 600));
      const from = Date.now();
      worker?.freeze();
      await at(due + PAST);
      const silent = await worker?.isSilent();
      if (silent === true && anyDue(scene, from, due + PAST)) scene.struck(PAST_DEADLINE);
      worker?.thaw();
      due = deadlines.find((deadline) => deadline > Date.now() + 700);
    }
  },
};

/**
 * A worker stops dead with openings under way, some of them between reading the switch back and the authorize call. It wakes
 * up when many deadlines are over, with its calls still to be made.
 */
export const frozenBeforeAuthorizing: Fault = {
  strikes: [BEFORE_AUTHORIZING],
  opening: async ({ world: { client, workers }, windows, since, struck }) => {
    const addresses = windows.map(({ host }) => host.address);
    using asked = answers(({ by, path }) => by !== undefined && path.startsWith(SCHEDULES));
    const inThatPlace = (worker: Member, calls: readonly RecordedCall[]): number => {
      const own = asked.all.filter(({ by }) => by === worker.name);
      return betweenReadingBackAndAuthorizing(own, calls, addresses).length;
    };
    const stopped = async (): Promise<Member | undefined> => {
      const calls = await client.awsCalls(since);
      const worker = workers.find((each) => inThatPlace(each, calls) > 0);
      if (worker === undefined) return undefined;
      worker.freeze();
      await pause(ARRIVES_WITHIN);
      const openings = (await worker.isSilent()) ? inThatPlace(worker, await client.awsCalls(since)) : 0;
      struck(BEFORE_AUTHORIZING, openings);
      if (openings > 0) return worker;
      worker.thaw();
      return undefined;
    };
    await client.faults({ 'aws.latencyMs': SLOW_AWS });
    const worker = await until(GIVES_UP_AFTER, stopped, LOOK_EVERY);
    await client.faults({ 'aws.latencyMs': null });
    if (worker === undefined) return;
    await pause(SLEEPS_FOR);
    worker.thaw();
  },
};

const SCHEDULES = '/schedules/';

/**
 * Of these addresses, those whose switch was made and then read back by whoever had these answers of the scheduler, still
 * stands, and has nothing to guard yet: nobody has asked EC2 to let that address in.
 */
export function betweenReadingBackAndAuthorizing(
  asked: readonly Answer[],
  calls: readonly RecordedCall[],
  addresses: readonly string[],
): string[] {
  const made = new Set<string>();
  const readBack = new Set<string>();
  for (const { method, path, status } of asked) {
    if (status !== 200) continue;
    if (method === 'POST') made.add(path);
    if (method === 'GET' && made.has(path)) readBack.add(path);
  }
  const inputs = (action: string): string[] =>
    calls.filter((call) => call.action === action).map(({ input }) => JSON.stringify(input));
  const [armed, authorized, disarmed] = [
    inputs('CreateSchedule'),
    inputs('AuthorizeSecurityGroupIngress'),
    inputs('DeleteSchedule'),
  ];
  const standing = [...readBack]
    .map((path) => path.slice(SCHEDULES.length))
    .filter((name) => !disarmed.some((input) => input.includes(name)));
  const guarded = armed.filter((input) => standing.some((name) => input.includes(name)));
  return [...new Set(addresses)].filter(
    (address) =>
      guarded.some((input) => input.includes(`${address}/`)) &&
      !authorized.some((input) => input.includes(`${address}/`)),
  );
}
