import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seeded } from '../lib/random.ts';
import { spread, type Spread } from '../lib/statistics.ts';
import { CLOCK } from '../world/member.ts';
import { MOST_HOSTS, startWorld, type World } from '../world/world.ts';
import { judge, type Findings } from './judge.ts';
import type { Row } from './row.ts';
import { playWave } from './wave.ts';
import type { Window } from './window.ts';

/** AWS answers as of up to so long ago, and enforces so much later: random for every call and every change. */
export const WEATHER = { 'aws.describeLagMs': [0, 3_000], 'edge.lagMs': [0, 500] } as const;

export type RowResult = {
  readonly name: string;
  /** Asked for and approved. */
  readonly windows: number;
  /** Of these, seen open from outside. */
  readonly opened: number;
  /** Of these, closed before their deadline; the others are what `latenessMs` is about. */
  readonly early: number;
  readonly latenessMs: Spread;
  readonly leftOpen: number;
  readonly recordsLost: number;
  readonly falseMessages: number;
  /** Milliseconds that the latest may be late. */
  readonly goal: number;
  readonly met: boolean;
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
  let findings: Findings;
  const endings: string[] = [];
  const played: Window[] = [];
  try {
    await world.client.faults({
      'aws.describeLagMs': [...WEATHER['aws.describeLagMs']],
      'edge.lagMs': [...WEATHER['edge.lagMs']],
    });
    const random = seeded(seed);
    for (let wave = 0; wave < waves; wave += 1) {
      const fault = row.faults[wave % row.faults.length] ?? {};
      const count = Math.min(each, windows - played.length);
      if (count <= 0) break;
      played.push(...(await playWave(world, row, fault, { count, wave, random })));
      say(`${row.name}: ${played.length} of ${windows} windows, ${seconds()}`);
    }
    findings = await judge(world, played);
    await keepEvidence(world, played);
  } finally {
    endings.push(...(await world.stop()));
  }
  const result = summed(row, played, findings, endings, Math.round((performance.now() - begun) / 1000));
  return await kept(world, result);
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

function summed(
  { name, goalMs }: Row,
  played: readonly Window[],
  { latenessMs, opened, early, leftOpen, recordsLost, falseMessages }: Findings,
  endings: readonly string[],
  seconds: number,
): RowResult {
  const lateness = spread(latenessMs.map(Math.round));
  const clean = leftOpen.length + recordsLost.length + falseMessages.length === 0;
  return {
    name,
    windows: played.length,
    opened,
    early,
    latenessMs: lateness,
    leftOpen: leftOpen.length,
    recordsLost: recordsLost.length,
    falseMessages: falseMessages.length,
    goal: goalMs,
    met: clean && latenessMs.length > 0 && lateness.max <= goalMs,
    seconds,
    findings: [
      ...leftOpen.map((text) => `left open: ${text}`),
      ...recordsLost.map((text) => `record lost: ${text}`),
      ...falseMessages.map((text) => `false message: ${text}`),
      ...endings.map((text) => `process: ${text}`),
    ],
  };
}

/** Evidence of anything wrong stays, and of what closed early; otherwise nothing does. */
async function kept(world: World, result: RowResult): Promise<RowResult> {
  if (result.met && result.findings.length === 0 && result.early === 0) {
    await world.forget();
    return result;
  }
  return { ...result, findings: [...result.findings, `evidence: ${world.folder}`] };
}
