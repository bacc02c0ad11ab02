import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { program, said } from '../lib/child.ts';
import { quantile } from '../lib/statistics.ts';
import type { Member } from '../world/member.ts';
import { startWorld, type World } from '../world/world.ts';
import { figure, type Benchmark, type Figure } from './benchmark.ts';

const TRACE = fileURLToPath(new URL('../loader/trace.mjs', import.meta.url));
const STARTS = 7;
/** V8 gives back what starting has left over some 16 s after it: both have done so, or neither. */
const IDLE_FOR = 30_000;
const LOOKS = 5;
const LOADS_WITHIN = 10_000;
const MIB = 2 ** 20;
const ROLES = ['bot', 'worker'] as const;
type Role = (typeof ROLES)[number];

/** Starts and memory of both roles, beside processes that import the same packages and do nothing with them. */
export const footprint: Benchmark = {
  names: ['ready-bot', 'ready-worker', 'memory-idle-bot', 'memory-idle-worker'],
  run: async (say) => {
    const folder = await mkdtemp(join(tmpdir(), 'bg-trace-'));
    try {
      const packages = { bot: await imported('bot', folder), worker: await imported('worker', folder) };
      const world = await startWorld({ name: 'footprint', workers: 1, hosts: 0, start: false });
      try {
        const ready: Figure[] = [];
        for (const role of ROLES) {
          say(`${role}: ${packages[role].length} packages`);
          ready.push(await starts(role, memberOf(world, role), packages[role]));
        }
        const idle: Figure[] = [];
        for (const role of ROLES) idle.push(await memory(role, memberOf(world, role), packages[role]));
        return [...ready, ...idle];
      } finally {
        await world.stop();
        await world.forget();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const memberOf = ({ bot, workers }: World, role: Role): Member => {
  const member = role === 'bot' ? bot : workers[0];
  if (member === undefined) throw new Error('there is no worker');
  return member;
};

/** What this role imports of other people's packages until it is ready and at rest, in order. */
async function imported(role: Role, folder: string): Promise<string[]> {
  const file = join(folder, role);
  await writeFile(file, '');
  const traced = { start: false, preload: [TRACE], env: { BENCH_TRACE: file } };
  const world = await startWorld({ name: 'trace', workers: 1, hosts: 0, ...traced });
  try {
    await memberOf(world, role).start();
    // What is only needed now and then is loaded when it is.
    await pause(LOADS_WITHIN);
    return [...new Set((await readFile(file, 'utf8')).split('\n').filter((line) => line !== ''))];
  } finally {
    await world.stop();
    await world.forget();
  }
}

/** From spawning until it says that it is ready, and until the same packages are imported: milliseconds, taken in turn. */
async function starts(role: Role, member: Member, packages: readonly string[]): Promise<Figure> {
  const ready: number[] = [];
  const floor: number[] = [];
  for (let n = 0; n < STARTS; n += 1) {
    const before = Date.now();
    await member.start();
    ready.push(Date.now() - before);
    await member.stop();
    const { ms, end } = await bareImports(packages);
    floor.push(ms);
    end();
  }
  return figure(
    `ready-${role}`,
    'ms',
    { value: quantile(ready, 0.5), floor: quantile(floor, 0.5) },
    { ratio: 2 },
  );
}

/** Resident memory once it has been at rest for a while. */
async function memory(role: Role, member: Member, packages: readonly string[]): Promise<Figure> {
  await member.start();
  const { pid, end } = await bareImports(packages);
  await pause(IDLE_FOR);
  const own: number[] = [];
  const floor: number[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    own.push(await resident(member.pid));
    floor.push(await resident(pid));
    await pause(1_000);
  }
  end();
  await member.stop();
  return figure(
    `memory-idle-${role}`,
    'MiB',
    { value: quantile(own, 0.5) / MIB, floor: quantile(floor, 0.5) / MIB },
    { ratio: 1.35 },
  );
}

async function bareImports(
  packages: readonly string[],
): Promise<{ ms: number; pid: number; end: () => void }> {
  const before = Date.now();
  const child = program('bare-imports.mjs', { PACKAGES: JSON.stringify(packages) });
  const done = await said<number>(child);
  return { ms: done - before, pid: child.pid ?? 0, end: () => child.disconnect() };
}

/** VmRSS of a process, in bytes (proc(5), status). */
export async function resident(pid: number): Promise<number> {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}
