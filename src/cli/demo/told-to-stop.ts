import { once } from 'node:events';

import { whenNpmIsGone } from '../../sandbox/programs/npm-parent.mjs';
import type { ExitCode } from '../io.ts';

/** Resolves at Ctrl-C, a polite kill, a closed terminal, or when the npm that started us was killed. */
export const toldToStop = (): Promise<unknown> =>
  Promise.race([
    once(process, 'SIGINT'),
    once(process, 'SIGTERM'),
    once(process, 'SIGHUP'),
    new Promise<void>((resolve) => whenNpmIsGone(resolve)),
  ]);

/** What is started; when we are told to stop before that, this process ends here, and what runs already follows it. */
export async function unlessTold<Started>(
  starting: Promise<Started>,
  told: Promise<unknown>,
): Promise<Started> {
  const first = await Promise.race([starting.then((started) => ({ started })), told.then(() => undefined)]);
  return first === undefined ? process.exit() : first.started;
}

/** Nothing is left running after 5 s, and what we started needs a moment to see that we are gone. */
const STOP_WITHIN = 4_000;

/** Whatever still hangs then is cut off: the next start recovers from worse. */
export const stopInTime = (exit: ExitCode): void =>
  void setTimeout(() => process.exit(exit), STOP_WITHIN).unref();
