import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const LOADER = fileURLToPath(new URL('../loader/register.mjs', import.meta.url));

/**
 * One of bench/programs in a process of its own, with no more of our environment than it is given. What ends in `.mjs` runs
 * in a bare Node; the others bring along what compiles them.
 */
export function program(name: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const isBare = name.endsWith('.mjs');
  return fork(fileURLToPath(new URL(`../programs/${isBare ? name : `${name}.ts`}`, import.meta.url)), {
    execArgv: isBare ? [] : ['--import', LOADER],
    env: { PATH: process.env['PATH'], AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...env },
  });
}

/** Its next message. Throws when it ends without one. */
export async function said<Message>(child: ChildProcess): Promise<Message> {
  const over = new AbortController();
  const { signal } = over;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as Message),
      once(child, 'exit', { signal }).then(([code]): never => {
        throw new Error(`a program of the benchmark ended with ${String(code)} and no answer`);
      }),
    ]);
  } finally {
    over.abort();
  }
}
