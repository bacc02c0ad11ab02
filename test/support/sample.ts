import fc from 'fast-check';

/** So many different numbers of 1 to `of`, the same ones for the same seed. */
export const sample = (of: number, count: number, seed: number): number[] => {
  const all = Array.from({ length: of }, (_, n) => n + 1);
  const [chosen = []] = fc.sample(
    fc.shuffledSubarray(all, { minLength: Math.min(count, of), maxLength: Math.min(count, of) }),
    { numRuns: 1, seed },
  );
  return chosen;
};
