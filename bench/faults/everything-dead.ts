import { AWS_WORLD } from '../../src/sandbox/world.ts';
import { until } from '../lib/until.ts';
import { at, deadlinesOf, type Fault } from './row.ts';

const BEFORE = 1_000;
/** Longer than the worst case that is promised: what is not closed by then shows as what it is. */
const AT_MOST = 240_000;

const BY_AWS_ALONE = 'revokes by the switch while everything was dead';

/** Every process of ours is killed and Redis is gone: AWS alone closes. Then everything comes back. */
export const everythingDead: Fault = {
  strikes: [BY_AWS_ALONE],
  open: async (scene) => {
    const { bot, workers, redis, client } = scene.world;
    const deadlines = deadlinesOf(scene);
    await at((deadlines[0] ?? Date.now()) - BEFORE);
    await Promise.all([bot, ...workers].map((member) => member.kill()));
    await redis.stop();
    const from = Date.now();
    await at(deadlines.at(-1) ?? Date.now());
    await until(
      AT_MOST,
      async () => {
        const { edge } = await client.state();
        const mine = new Set(scene.windows.map(({ host }) => host.name));
        return edge.vantages.every(({ name, listening }) => !mine.has(name) || !listening);
      },
      1_000,
    );
    const shots = (await client.awsCalls(from)).filter(
      ({ role, action, ok }) =>
        ok && role === AWS_WORLD.roles.switch && action === 'RevokeSecurityGroupIngress',
    );
    scene.struck(BY_AWS_ALONE, shots.length);
    await redis.start();
    await Promise.all([bot, ...workers].map((member) => member.start()));
  },
};
