import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FolderLogStore } from '../../src/log/index.ts';
import { CACHE } from '../../src/sandbox/programs/program.ts';
import { program, said } from '../lib/child.ts';
import type { Verified } from '../programs/verify-log.ts';
import { History } from '../seed/history.ts';
import { figure, type Benchmark } from './benchmark.ts';

const RECORDS = 100_000;
/** Resident memory may grow by this much from the first tenth of the log to the last: garbage, and no more of it. */
const FLAT_MIB = 64;

export const logVerify: Benchmark = {
  names: ['log-verify', 'log-verify-memory'],
  run: async (say) => {
    const folder = await temporary();
    try {
      const history = await History.begin(new FolderLogStore(folder));
      await history.sealed(RECORDS);
      say(`${RECORDS} records written`);
      const verified = await measured(folder, false);
      const floor = await measured(folder, true);
      const [first = 0] = verified.rss;
      const growth = (Math.max(...verified.rss) - first) / 2 ** 20;
      return [
        figure('log-verify', 's', { value: verified.ms / 1000, floor: floor.ms / 1000 }, { atMost: 10 }),
        figure('log-verify-memory', 'MiB more at the end', { value: growth }, { atMost: FLAT_MIB }),
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measured(folder: string, hashOnly: boolean): Promise<Verified> {
  const child = program('verify-log');
  child.send({ folder, records: RECORDS, hashOnly });
  const answer = await said<Verified>(child);
  child.disconnect();
  return answer;
}

async function temporary(): Promise<string> {
  const parent = join(CACHE, 'bench');
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, 'log-'));
}
