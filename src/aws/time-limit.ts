/** Options of one SDK call that give up after `ms`, repetitions included. */
export const timeLimit = (ms: number): { readonly abortSignal: AbortSignal } => ({
  abortSignal: AbortSignal.timeout(ms),
});
