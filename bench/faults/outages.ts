import type { FaultChanges } from '../../src/sandbox/client.ts';
import { at, deadlinesOf, type Fault } from './row.ts';

const BEFORE = 2_000;
/** Long enough for every closing to have been proven meanwhile. */
const AFTER = 8_000;

/** Down from before the first deadline until after the last closing. */
const downWhileWindowsEnd = (down: FaultChanges, up: FaultChanges): Fault => ({
  open: async (scene) => {
    const { client } = scene.world;
    const deadlines = deadlinesOf(scene);
    await at((deadlines[0] ?? Date.now()) - BEFORE);
    await client.faults(down);
    await at((deadlines.at(-1) ?? Date.now()) + AFTER);
    await client.faults(up);
  },
});

export const logDown = downWhileWindowsEnd({ 's3.down': true }, { 's3.down': null });

export const slackDown = downWhileWindowsEnd({ 'slack.down': true }, { 'slack.down': null });
