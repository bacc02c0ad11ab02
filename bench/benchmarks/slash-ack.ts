import { program, said } from '../lib/child.ts';
import { quantile } from '../lib/statistics.ts';
import { until } from '../lib/until.ts';
import { startWorld, type World } from '../world/world.ts';
import { figure, type Benchmark } from './benchmark.ts';

const PEOPLE = 50;
const ROUNDS = 6;
const WARM_UP = 1;
const CHANNEL = 'C0INCIDENT';

export const slashAck: Benchmark = {
  names: ['slash-ack'],
  run: async () => {
    const world = await startWorld({ name: 'slash-ack', workers: 1, hosts: PEOPLE });
    try {
      const measured = await rounds(world, true);
      await world.bot.stop();
      const { slackApi } = world.urls;
      const { botToken, appToken } = world.slack;
      const bare = program('bare-bot', { SLACK_API: slackApi, BOT_TOKEN: botToken, APP_TOKEN: appToken });
      await said<string>(bare);
      await until(10_000, () => world.happenings.connected);
      const floor = await rounds(world, false);
      bare.disconnect();
      return [
        figure(
          'slash-ack',
          'ms (p99)',
          {
            value: quantile(measured, 0.99),
            floor: quantile(floor, 0.99),
            detail: { p50: quantile(measured, 0.5), floorP50: quantile(floor, 0.5) },
          },
          { atMost: 250 },
        ),
      ];
    } finally {
      await world.stop();
      await world.forget();
    }
  },
};

/** Everybody types at once; milliseconds until each has heard that the command arrived. */
async function rounds({ client, people }: World, opensForms: boolean): Promise<number[]> {
  const took: number[] = [];
  for (let round = 0; round < ROUNDS + WARM_UP; round += 1) {
    const all = await Promise.all(
      people.askers.map(async (person) => {
        const before = performance.now();
        const { ok } = await client.command(person, CHANNEL, '/breakglass');
        if (!ok) throw new Error('a command was not acknowledged');
        return performance.now() - before;
      }),
    );
    if (round >= WARM_UP) took.push(...all);
    if (opensForms) await putAway(client);
  }
  return took;
}

/** The forms, once they are all there: none opens while the next round is measured. */
async function putAway(client: World['client']): Promise<void> {
  const all = await until(10_000, async () => {
    const { slack } = await client.state();
    const open = Object.entries(slack.views);
    return open.length === PEOPLE && open;
  });
  if (all === undefined) throw new Error('not every form has opened');
  for (const [person, view] of all) await client.closeView(person, view.id, { clear: true });
}
