import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { VerifyReport } from '../../log/index.ts';
import { startSandbox, type Sandbox, type SandboxOptions, type Verify } from '../../sandbox/index.ts';
import { BIN, type Run } from './children.ts';
import { auditorEnvironment, type SlackSecrets } from './environment.ts';
import { deployWorkflows, keysInUse, signingKeys, type Keys } from './folder.ts';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What a deployment stands in: the local world, its keys, and the workflow files for it. */
export type Surroundings = {
  readonly sandbox: Sandbox;
  readonly keys: Keys;
  readonly slack: SlackSecrets;
  /** Folder of the workflow files. */
  readonly workflows: string;
  readonly verify: Verify;
};

type SlackTuning = NonNullable<SandboxOptions['slack']>;

export type SurroundingsOptions = {
  readonly folder: string;
  readonly ports: 'preferred' | 'ephemeral';
  readonly say: (line: string) => void;
  /** How strict the local Slack is; as strict as Slack itself when left out. */
  readonly slack?: SlackTuning;
};

export async function startSurroundings({
  folder,
  ports,
  say,
  slack: tuning,
}: SurroundingsOptions): Promise<Surroundings> {
  const first = await signingKeys(folder);
  const slack = {
    signingSecret: randomBytes(16).toString('hex'),
    botToken: `xoxb-${randomBytes(12).toString('hex')}`,
    appToken: `xapp-${randomBytes(12).toString('hex')}`,
  };
  const stateDir = join(folder, 'sandbox');
  const verify = (copy?: Altered) => verifyBucket({ sandbox, keys: first, folder }, copy);
  const sandbox: Sandbox = await startSandbox({
    stateDir,
    ports,
    ...slack,
    verify,
    log: say,
    ...(tuning && { slack: tuning }),
  });
  try {
    const keys = await keysInUse(folder, first, async () => (await verify()).keys);
    const inside = sandbox.edge.find(({ name }) => name === 'monitoring');
    const workflows = await deployWorkflows(
      join(ROOT, 'workflows'),
      folder,
      join(stateDir, 'ca'),
      `127.0.0.1:${inside?.port ?? 0}`,
    );
    return { sandbox, keys, slack, workflows, verify };
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}

/** In HTTP mode Slack has to be told where the bot listens, after each of its starts. */
export async function tellSlackWhere(run: Run, { sandbox }: Pick<Surroundings, 'sandbox'>): Promise<void> {
  const { port } = await run.said('slack is connected');
  sandbox.slack.setRequestUrl(`http://127.0.0.1:${Number(port)}/slack/events`);
}

type Altered = Parameters<Verify>[0];

/** What an auditor would type: the verifier reads the bucket with nothing but the right to read it. Answers its JSON. */
async function verifyBucket(
  { sandbox, keys: { vkeys }, folder }: Pick<Surroundings, 'sandbox' | 'keys'> & { readonly folder: string },
  copy?: Altered,
): Promise<VerifyReport> {
  const env = auditorEnvironment(sandbox, copy?.bucket);
  const args = [BIN, 'log', 'verify', '--json', '--bot-key', vkeys.bot, '--worker-key', vkeys.worker];
  await using kept = await keptBeside(folder, copy?.checkpoint);
  const { stdout } = await promisify(execFile)(process.execPath, [...args, ...kept.args], {
    env,
    maxBuffer: MAX_REPORT_BYTES,
  }).catch(reported);
  return JSON.parse(stdout) as VerifyReport;
}

const MAX_REPORT_BYTES = 16 * 1024 * 1024;

/** An altered log is held against what left it before: a checkpoint that an auditor has kept, in a file of its own. */
async function keptBeside(
  folder: string,
  checkpoint: string | undefined,
): Promise<AsyncDisposable & { readonly args: readonly string[] }> {
  if (checkpoint === undefined) return { args: [], [Symbol.asyncDispose]: () => Promise.resolve() };
  const file = join(folder, `checkpoint-${randomBytes(4).toString('hex')}.txt`);
  await writeFile(file, checkpoint);
  return { args: ['--checkpoint', file], [Symbol.asyncDispose]: () => rm(file, { force: true }) };
}

/** Exit code 1: looked, and found something; the report says what. */
function reported(error: Error & { readonly stdout?: string }): { stdout: string } {
  const { stdout = '' } = error;
  if (stdout === '') throw error;
  return { stdout };
}
