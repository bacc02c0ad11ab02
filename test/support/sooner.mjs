// Preloaded into a process of the product (node --import): what it would begin ten minutes after its start begins after a second.
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

const { setTimeout } = timers;
timers.setTimeout = (ms, ...rest) => setTimeout(ms === 600_000 ? 1_000 : ms, ...rest);
syncBuiltinESMExports();
