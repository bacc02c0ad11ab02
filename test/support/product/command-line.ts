import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { BIN } from '../../../src/cli/demo/children.ts';

export type Output = { readonly code: number | null; readonly out: string; readonly err: string };

/** Only a command that hangs takes longer, on a busy machine too. */
const KILL_AFTER = 50_000;

/** Runs `breakglass` with nothing but this environment, to its end. */
export async function breakglass(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Output> {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const hurry = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  clearTimeout(hurry);
  return { code, out, err };
}
