import type { RecordType } from '../../src/domain/records.ts';
import type { RecordedCall } from '../../src/sandbox/client.ts';
import { until } from '../lib/until.ts';
import { quantile } from '../lib/statistics.ts';
import { program, said } from '../lib/child.ts';
import { startWorld, type World } from '../world/world.ts';
import { WORKFLOW } from '../world/workflow.ts';
import { figure, type Benchmark } from './benchmark.ts';

const LATENCY_MS = 30;
const SAMPLES = 40;
const WARM_UP = 4;
/** None ends while others are opened. */
const SECONDS = 600;
const RATIO = 1.25;

type Sample = { readonly ms: number; readonly calls: readonly RecordedCall[] };

export const approveToAuthorized: Benchmark = {
  names: ['approve-to-authorized', 'approve-to-authorized-p95'],
  run: async (say) => {
    const world = await startWorld({ name: 'opening', workers: 1, hosts: SAMPLES + WARM_UP });
    try {
      await world.client.faults({ 'aws.latencyMs': LATENCY_MS });
      const samples: Sample[] = [];
      for (let n = 0; n < SAMPLES + WARM_UP; n += 1) samples.push(await oneOpening(world, n));
      const measured = samples.slice(WARM_UP);
      const path = needed(measured);
      say(`the same calls in sequence: ${path.join(', ')}`);
      const floor = await bare(world, path);
      const ms = measured.map((sample) => sample.ms);
      return [
        figure(
          'approve-to-authorized',
          'ms',
          {
            value: quantile(ms, 0.5),
            floor: quantile(floor, 0.5),
            detail: {
              calls: path.length,
              callsMade: quantile(
                measured.map(({ calls }) => calls.length),
                0.5,
              ),
            },
          },
          { ratio: RATIO },
        ),
        figure(
          'approve-to-authorized-p95',
          'ms',
          { value: quantile(ms, 0.95), floor: quantile(floor, 0.95) },
          { ratio: RATIO },
        ),
      ];
    } finally {
      await world.stop();
      await world.forget();
    }
  },
};

/**
 * From the click until AWS has answered the authorize call; and every call that was made in between. Clicked by somebody who
 * has seen the card, and once the window before is open: nothing else is under way.
 */
async function oneOpening(world: World, n: number): Promise<Sample> {
  const { people, hosts, client, log } = world;
  const address = hosts[n]?.address ?? '';
  const reason = `Window ${n + 1} needs the console`;
  const incident = 'https://example.pagerduty.com/incidents/PINC0042';
  const by = people.askers[n] ?? '';
  await people.ask({ by, workflow: WORKFLOW, address, seconds: SECONDS, reason, incident });
  const card = await people.card(reason);
  await recorded(log, 'messages.posted', card.request);
  const clicked = Date.now();
  await people.approve(card);
  const calls = await until(15_000, async () => {
    const made = await client.awsCalls(clicked);
    const last = made.findIndex(
      ({ action, input }) =>
        action === 'AuthorizeSecurityGroupIngress' && JSON.stringify(input).includes(card.request),
    );
    return last >= 0 && made.slice(0, last + 1);
  });
  const authorized = calls?.at(-1);
  if (calls === undefined || authorized === undefined) throw new Error('a window was not opened');
  await recorded(log, 'open.confirmed', card.request);
  // A call is noted half-way between its request and its answer.
  return { ms: Date.parse(authorized.at) + LATENCY_MS / 2 - clicked, calls };
}

async function recorded(log: World['log'], type: RecordType, request: string): Promise<void> {
  const isThere = await until(15_000, async () => {
    await log.refresh();
    return log.one(type, request) !== undefined;
  });
  if (isThere === undefined) throw new Error(`no ${type} of ${request}`);
}

/** None of these can be left out, and none can begin before the one before it has been answered. */
const IN_SEQUENCE = [
  // The approval, by the bot; how a worker learns of it.
  'PutObject',
  'GetObject',
  // Its clock compared with AWS's, its intention, the switch armed and read back.
  'DescribeSecurityGroupRules',
  'PutObject',
  'CreateSchedule',
  'GetSchedule',
  'PutObject',
  'AuthorizeSecurityGroupIngress',
];

/** Those of them that every opening made, whatever else it did beside them. */
function needed(samples: readonly Sample[]): string[] {
  const times = (actions: readonly string[], action: string): number =>
    actions.filter((other) => other === action).length;
  return IN_SEQUENCE.filter((action, position) =>
    samples.every(
      ({ calls }) =>
        times(
          calls.map((call) => call.action),
          action,
        ) >= times(IN_SEQUENCE.slice(0, position + 1), action),
    ),
  );
}

/** The same calls by bare SDK clients, one after the other, in a process that does nothing else. */
async function bare(world: World, path: readonly string[]): Promise<number[]> {
  const child = program('bare-calls', { AWS: world.urls.aws });
  child.send({ path, times: SAMPLES, warmUp: WARM_UP });
  const answer = await said<number[]>(child);
  child.disconnect();
  return answer;
}
