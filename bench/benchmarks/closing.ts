import { program, said } from '../lib/child.ts';
import { bounded } from '../lib/bounded.ts';
import { quantile } from '../lib/statistics.ts';
import { until } from '../lib/until.ts';
import { Wire } from '../outside/wire.ts';
import { WORKFLOW } from '../world/workflow.ts';
import { startWorld, type World } from '../world/world.ts';
import { figure, type Benchmark } from './benchmark.ts';

const LATENCY_MS = 30;
const WAVES = 2;
const WINDOWS = 50;
/** The first ends once all of them are open, the others a second apart: each closing is looked at for itself. */
const FIRST_SECONDS = 25;
const AT_ONCE = 12;

export const closeCallLateness: Benchmark = {
  names: ['close-call-lateness'],
  run: async (say) => {
    await using wire = await Wire.begin();
    const env = { AWS_ENDPOINT_URL_EC2: wire.url };
    const world = await startWorld({ name: 'closing', workers: 1, hosts: WINDOWS, start: false, env });
    try {
      wire.leadTo(world.urls.aws);
      await world.begin();
      await world.client.faults({ 'aws.latencyMs': LATENCY_MS });
      using bare = new BareCloses(wire);
      const late: number[] = [];
      const floor: number[] = [];
      for (let wave = 0; wave < WAVES; wave += 1) {
        const beside = bare.run(WINDOWS, Date.now() + FIRST_SECONDS * 1000);
        late.push(...(await closeOneByOne(world, wire, wave)));
        floor.push(...(await beside));
        say(`${late.length} closings`);
      }
      return [
        figure(
          'close-call-lateness',
          'ms (p99)',
          {
            value: quantile(late, 0.99),
            floor: quantile(floor, 0.99),
            detail: { p50: quantile(late, 0.5), max: quantile(late, 1), floorP50: quantile(floor, 0.5) },
          },
          { atMost: 20, ratio: 1.5 },
        ),
      ];
    } finally {
      await world.stop();
      await world.forget();
    }
  },
};

/** Milliseconds from each deadline until its revoke had reached AWS. */
async function closeOneByOne(world: World, wire: Wire, wave: number): Promise<number[]> {
  const { people, hosts, log, happenings } = world;
  const incident = 'https://example.pagerduty.com/incidents/PINC0042';
  const requests = await bounded([...hosts.entries()], AT_ONCE, async ([n, { address }]) => {
    const reason = `Window ${n + 1} of wave ${wave + 1} needs the console`;
    const by = people.askers[n] ?? '';
    await people.ask({ by, workflow: WORKFLOW, address, seconds: FIRST_SECONDS + n, reason, incident });
    const card = await people.card(reason);
    await people.approve(card);
    return card.request;
  });
  const over = await until(
    (FIRST_SECONDS + WINDOWS + 60) * 1000,
    async () => {
      await log.refresh();
      return requests.every((request) => log.one('request.sealed', request) !== undefined);
    },
    // Not more often: reading so long a log takes as long as some of what is measured.
    5_000,
  );
  if (over === undefined) throw new Error('not every window was closed in time');
  const first = new Map<string, number>();
  for (const { rules, at } of await wire.revokes())
    for (const rule of rules) {
      const request = happenings.ruleOf.get(rule);
      if (request !== undefined && !first.has(request)) first.set(request, at);
    }
  return requests.map((request) => {
    const deadline = (log.one('open.intended', request)?.deadline ?? 0) * 1000;
    return (first.get(request) ?? Number.NaN) - deadline;
  });
}

/** setTimeout and one bare revoke, as often, in a process that does nothing else, while the windows end. */
class BareCloses implements Disposable {
  readonly #wire: Wire;
  readonly #child: ReturnType<typeof program>;

  constructor(wire: Wire) {
    this.#wire = wire;
    this.#child = program('bare-closes', { AWS: wire.url });
  }

  /** Milliseconds from each instant until its revoke had reached AWS. `from`: epoch milliseconds. */
  async run(times: number, from: number): Promise<number[]> {
    this.#child.send({ times, from });
    const instants = await said<number[]>(this.#child);
    const arrived = (await this.#wire.revokes()).filter(({ rules }) =>
      rules.some((rule) => rule.startsWith('sgr-2')),
    );
    return instants.map((instant) => (arrived.find(({ at }) => at >= instant)?.at ?? Number.NaN) - instant);
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }
}
