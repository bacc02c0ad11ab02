import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { judgeWindow } from '../../src/cli/demo/auto.ts';
import type { Ending } from '../../src/cli/demo/children.ts';
import { claimFolder } from '../../src/cli/demo/claim.ts';
import { startWorld } from '../../src/cli/demo/world.ts';
import type { ExitCode } from '../../src/cli/io.ts';
import { Onlooker } from '../../src/cli/demo/onlooker.ts';
import { CACHE } from '../../src/sandbox/programs/program.ts';
import { DemoProcess } from '../support/demo/demo-process.ts';

type Played = Ending & { readonly output: string };

let played: Record<'socket' | 'http', Played>;
let spoiled: { exit: ExitCode; lines: string[] };
let folder: string;

// The windows are real ones, of 15 s: all of them at the same time.
beforeAll(async () => {
  await mkdir(join(CACHE, 'test'), { recursive: true });
  folder = await mkdtemp(join(CACHE, 'test', 'demo-auto-'));
  const [socket, http, late] = await Promise.all([
    play(['--auto']),
    play(['--auto', '--slack', 'http']),
    playWhereEnforcementLags(),
  ]);
  [played, spoiled] = [{ socket, http }, late];
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

test.each(['socket', 'http'] as const)('--auto with Slack over %s observes every promise', (delivery) => {
  const { code, output } = played[delivery];

  expect(output).toMatch(/^closed 0\.\d\d s after the deadline, 11 of 11 observations held\n$/m);
  expect(output.match(/^ +\+\d+\.\ds {2}ok /gm)).toHaveLength(11);
  expect(output).not.toContain('FAIL');
  expect(code).toBe(0);
});

test('a port that closes seconds late, and opens after people were told that it is open, fails it', () => {
  const failed = spoiled.lines.filter((line) => line.includes('  FAIL  '));

  expect(failed.map((line) => line.replace(/^.*FAIL +(\w+):.*$/, '$1'))).toEqual(['open', 'closed', 'cut']);
  expect(spoiled.lines.at(-1)).toMatch(
    /^closed [3-9]\.\d\d s after the deadline, 8 of 11 observations held$/,
  );
  expect(spoiled.exit).toBe(1);
});

async function play(args: readonly string[]): Promise<Played> {
  await using demo = new DemoProcess(args);
  return { ...(await demo.ended()), output: demo.output };
}

/** The real product in a world whose edge follows the rules three seconds late. */
async function playWhereEnforcementLags(): Promise<typeof spoiled> {
  const lines: string[] = [];
  const claimed = await claimFolder([folder]);
  const world = await startWorld({ folder: claimed, ports: 'ephemeral', delivery: 'socket', say: () => {} });
  try {
    world.sandbox.faults.set({ 'edge.lagMs': [3_000, 3_000] });
    const client = new Onlooker(world.sandbox.urls.page);
    const exit = await judgeWindow(client, { out: (line) => lines.push(line), err: () => {} });
    return { exit, lines };
  } finally {
    await world.stop();
  }
}
