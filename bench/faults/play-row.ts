import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seeded } from '../lib/random.ts';
import type { Spread } from '../lib/statistics.ts';
import { CLOCK } from '../world/member.ts';
import { MOST_HOSTS, startWorld, type World } from '../world/world.ts';
import { judge, type Findings } from './judge.ts';
import type { Row } from './row.ts';
import { verdict, type Struck } from './verdict.ts';
import { playWave } from './wave.ts';
import type { Window } from './window.ts';

/** AWS answers as of up to so long ago, and enforces so much later: random for every call and every change. */
export const WEATHER = { 'aws.describeLagMs': [0, 3_000], 'edge.lagMs': [0, 500] } as const;

export type RowResult = {
  readonly name: string;
  /** Asked for and approved. */
  readonly windows: number;
  /** Of these, seen open from outside, and confirmed. */
  readonly opened: number;
  /** Of these, closed before their deadline; the others are what `latenessMs` is about. */
  readonly early: number;
  /** What the row's faults did, each in its own words; a row that could not do it was not looked at. */
  readonly struck: readonly Struck[];
  readonly latenessMs: Spread;
  readonly leftOpen: number;
  readonly recordsLost: number;
  readonly falseMessages: number;
  /** Milliseconds that the latest may be late. */
  readonly goal: number;
  readonly met: boolean;
  readonly looked: boolean;
  readonly seconds: number;
  /** What was found, in words; and where the evidence is, if anything was. */
  readonly findings: readonly string[];
};

export type Play = { readonly windows: number; readonly seed: number; readonly say: (line: string) => void };

/** Plays a row on a world of its own and compares what it did with what was seen. */
export async function playRow(row: Row, { windows, seed, say }: Play): Promise<RowResult> {
  const begun = performance.now();
  const seconds = (): string => `${((performance.now() - begun) / 1000).toFixed(0)} s`;
  const waves = Math.max(row.faults.length, Math.ceil(windows / row.atOnce));
  const each = Math.ceil(windows / waves);
  const world = await startWorld({
    name: row.name,
    workers: row.workers,
    hosts: Math.min(each, MOST_HOSTS),
    preload: [CLOCK],
  });
  let found: Findings;
  const endings: string[] = [];
  const played: Window[] = [];
  const strikes = new Map(row.faults.flatMap((fault) => fault.strikes).map((what) => [what, 0]));
  const struck = (what: string, times = 1): void => {
    strikes.set(what, (strikes.get(what) ?? 0) + times);
  };
  try {
    await world.client.faults({
      'aws.describeLagMs': [...WEATHER['aws.describeLagMs']],
      'edge.lagMs': [...WEATHER['edge.lagMs']],
    });
    const random = seeded(seed);
    for (let wave = 0; wave < waves; wave += 1) {
      const fault = row.faults[wave % row.faults.length] ?? { strikes: [] };
      const count = Math.min(each, windows - played.length);
      if (count <= 0) break;
      played.push(...(await playWave(world, row, fault, { count, wave, random, struck })));
      say(`${row.name}: ${played.length} of ${windows} windows, ${seconds()}`);
    }
    found = await judge(world, played);
    await keepEvidence(world, played);
  } finally {
    endings.push(...(await world.stop()));
  }
  const { name, goalMs } = row;
  const all = [...strikes].map(([what, times]) => ({ what, times }));
  return await kept(world, {
    name,
    windows: played.length,
    opened: found.opened,
    early: found.early,
    struck: all,
    leftOpen: found.leftOpen.length,
    recordsLost: found.recordsLost.length,
    falseMessages: found.falseMessages.length,
    goal: goalMs,
    seconds: Math.round((performance.now() - begun) / 1000),
    ...verdict(row, { windows: played.length, found, struck: all, endings }),
  });
}

/** Everything that was looked at, beside the logs of the processes. */
async function keepEvidence(
  { folder, client, happenings, log }: World,
  windows: readonly Window[],
): Promise<void> {
  const evidence = {
    windows: windows.map(({ host, request, deadline, seen }) => ({
      request,
      address: host.address,
      deadline: deadline === undefined ? null : new Date(deadline).toISOString(),
      latenessMs:
        deadline === undefined || seen.refusedFrom === undefined ? null : seen.refusedFrom - deadline,
      seen: seen.describe(),
      records: request === undefined ? [] : log.of(request),
    })),
    said: happenings.said,
    calls: await client.awsCalls(),
  };
  await writeFile(join(folder, 'evidence.json'), JSON.stringify(evidence, null, 1));
}

/** Evidence of anything wrong stays, and of what closed early; otherwise nothing does. */
async function kept(world: World, result: RowResult): Promise<RowResult> {
  if (result.met && result.findings.length === 0 && result.early === 0) {
    await world.forget();
    return result;
  }
  return { ...result, findings: [...result.findings, `evidence: ${world.folder}`] };
}
