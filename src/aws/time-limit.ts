/** Options of one SDK call that give up after `ms`, repetitions included. Node takes whole milliseconds alone. */
export const timeLimit = (ms: number): { readonly abortSignal: AbortSignal } => ({
  abortSignal: AbortSignal.timeout(Math.ceil(ms)),
});
