import type { FaultChanges } from '../../src/sandbox/client.ts';
import { answers } from '../world/answers.ts';
import { at, deadlinesOf, type Fault, type Scene } from './row.ts';

const BEFORE = 2_000;
/** Long enough for every closing to have been proven meanwhile. */
const AFTER = 8_000;

type Outage = {
  readonly down: FaultChanges;
  readonly up: FaultChanges;
  readonly what: string;
  /** Begins to count what was refused; answers how to stop and say how often. */
  readonly refused: (scene: Scene) => () => Promise<number>;
};

/** Down from before the first deadline until after the last closing. */
const downWhileWindowsEnd = ({ down, up, what, refused }: Outage): Fault => ({
  strikes: [what],
  open: async (scene) => {
    const { client } = scene.world;
    const deadlines = deadlinesOf(scene);
    await at((deadlines[0] ?? Date.now()) - BEFORE);
    const counted = refused(scene);
    await client.faults(down);
    await at((deadlines.at(-1) ?? Date.now()) + AFTER);
    await client.faults(up);
    scene.struck(what, await counted());
  },
});

export const logDown = downWhileWindowsEnd({
  down: { 's3.down': true },
  up: { 's3.down': null },
  what: 'calls to the log bucket refused while windows ended',
  refused: ({ world: { client } }) => {
    const from = Date.now();
    return async () =>
      (await client.awsCalls(from)).filter(
        ({ service, code }) => service === 's3' && code === 'ServiceUnavailable',
      ).length;
  },
});

export const slackDown = downWhileWindowsEnd({
  down: { 'slack.down': true },
  up: { 'slack.down': null },
  what: 'calls to Slack refused while windows ended',
  refused: () => {
    const refusals = answers(({ path, status }) => path.startsWith('/api/') && status === 503);
    return () => {
      refusals[Symbol.dispose]();
      return Promise.resolve(refusals.all.length);
    };
  },
});
