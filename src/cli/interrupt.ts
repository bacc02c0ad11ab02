/** What a command does for ever ends at Ctrl-C or a polite kill, with what is known by then; the next one ends the process. */
export function untilInterrupted(): Disposable & { readonly signal: AbortSignal } {
  const told = new AbortController();
  const stop = (): void => told.abort();
  for (const signal of SIGNALS) process.once(signal, stop);
  return {
    signal: told.signal,
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) process.off(signal, stop);
    },
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
