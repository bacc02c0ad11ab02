import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { RunRole } from '../../config/environment.ts';
import { EXIT } from '../io.ts';

/** The program, as anybody would start it. */
export const BIN = fileURLToPath(new URL('../../../bin/breakglass.js', import.meta.url));
const RESTART_AFTER = 500;
/** Ctrl-C leaves no process behind after 5 s, and Redis goes after these. */
const KILL_AFTER = 2_500;
const LOOK_EVERY = 20;

export type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** One process of one role, from its start to its end. */
export type Run = {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  kill(signal: NodeJS.Signals): void;
  /** What it has printed so far beside its log: why it does not start. */
  complaint(): string;
  /** The first line of its log with this message, as soon as it is there. Throws when the process ends without it. */
  said(message: string): Promise<Readonly<Record<string, unknown>>>;
};

/**
 * `breakglass serve` for one role, with nothing but the given environment. Ends with us, however we end: a program of
 * our own sees the end of the channel between us, where Redis needs a guardian. Appends its log to a file.
 */
export function startRole(role: RunRole, env: NodeJS.ProcessEnv, logFile: string): Run {
  const output = openSync(logFile, 'a', 0o600);
  const from = statSync(logFile).size;
  const child = spawn(process.execPath, [BIN, 'serve', '--role', role], {
    env,
    stdio: ['ignore', output, output, 'ipc'],
    // Ctrl-C in a terminal goes to the whole group: we tell our children ourselves.
    detached: true,
  });
  closeSync(output);
  let over = false;
  const ended = once(child, 'exit').then(([code, signal]) => {
    over = true;
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => void child.kill(signal),
    complaint: () =>
      wholeLines(logFile, from)
        .filter((line) => !isJson(line))
        .join('\n'),
    said: async (message) => {
      for (;;) {
        const last = over;
        const line = linesOf(logFile, from).find(({ msg }) => msg === message);
        if (line !== undefined) return line;
        if (last) throw new Error(`the ${role} ended before it said "${message}"`);
        await pause(LOOK_EVERY);
      }
    },
  };
}

const wholeLines = (logFile: string, from: number): string[] =>
  readFileSync(logFile).subarray(from).toString().split('\n').slice(0, -1);

/** What a program prints before its log begins is not. */
const isJson = (line: string): boolean => line.startsWith('{');

const linesOf = (logFile: string, from: number): Readonly<Record<string, unknown>>[] =>
  wholeLines(logFile, from)
    .filter(isJson)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

export type Child = {
  /** Resolves when it does not start with its settings, which starting it again would not change. It has been said why. */
  readonly refused: Promise<void>;
  stop(): Promise<void>;
};

/** A role that is started again when it ends by itself, as any deployment would. `started` hears of every start. */
export function serveRole(
  role: 'bot' | 'worker',
  env: NodeJS.ProcessEnv,
  logFile: string,
  say: (line: string) => void,
  started: (run: Run) => void = () => undefined,
): Child {
  let run: Run | undefined;
  let stopping = false;
  let refuse = (): void => undefined;
  const refused = new Promise<void>((resolve) => (refuse = resolve));

  const serving = (async (): Promise<void> => {
    while (!stopping) {
      run = startRole(role, env, logFile);
      started(run);
      const { code, signal } = await run.ended;
      if (stopping) return;
      if (code === EXIT.usage) {
        say(`the ${role} does not start with its settings: ${run.complaint()}`);
        return refuse();
      }
      say(`the ${role} ended (${signal ?? String(code)}); starting it again`);
      await pause(RESTART_AFTER);
    }
  })();
  serving.catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));

  return {
    refused,
    stop: async () => {
      stopping = true;
      run?.kill('SIGTERM');
      const kill = setTimeout(() => run?.kill('SIGKILL'), KILL_AFTER);
      await serving.catch(() => undefined);
      clearTimeout(kill);
    },
  };
}
