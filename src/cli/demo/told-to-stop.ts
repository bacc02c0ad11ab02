import { once } from 'node:events';

import { whenNpmIsGone } from '../../sandbox/programs/npm-parent.mjs';

/** Resolves at Ctrl-C, a polite kill, a closed terminal, or when the npm that started us was killed. */
export const toldToStop = (): Promise<unknown> =>
  Promise.race([
    once(process, 'SIGINT'),
    once(process, 'SIGTERM'),
    once(process, 'SIGHUP'),
    new Promise<void>((resolve) => whenNpmIsGone(resolve)),
  ]);
