/** One figure, with the least that it could be on this machine, measured in the same run. */
export type Figure = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same unit; null where there is nothing to compare with. */
  readonly floor: number | null;
  readonly ratio: number | null;
  readonly goal: string;
  readonly met: boolean;
  /** What else was measured on the way. */
  readonly detail?: Readonly<Record<string, number>>;
};

export type Say = (line: string) => void;

export type Benchmark = {
  /** Of its figures, in order. */
  readonly names: readonly string[];
  /** Throws when it could not be measured. */
  readonly run: (say: Say) => Promise<readonly Figure[]>;
};

export type Goal = { readonly atMost?: number; readonly atLeast?: number; readonly ratio?: number };

/** Judged as it is measured; rounded only for people. */
export function figure(
  name: string,
  unit: string,
  measured: { value: number; floor?: number; detail?: Readonly<Record<string, number>> },
  goal: Goal,
): Figure {
  const { value, floor = null, detail } = measured;
  const ratio = floor === null ? null : value / floor;
  const met =
    value <= (goal.atMost ?? Number.POSITIVE_INFINITY) &&
    value >= (goal.atLeast ?? Number.NEGATIVE_INFINITY) &&
    (goal.ratio === undefined || (ratio !== null && ratio <= goal.ratio));
  return {
    name,
    value: rounded(value),
    unit,
    floor: floor === null ? null : rounded(floor),
    ratio: ratio === null ? null : rounded(ratio),
    goal: said(goal, unit),
    met,
    ...(detail && {
      detail: Object.fromEntries(Object.entries(detail).map(([key, each]) => [key, rounded(each)])),
    }),
  };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

const said = ({ atMost, atLeast, ratio }: Goal, unit: string): string =>
  [
    ...(atMost === undefined ? [] : [`≤ ${atMost} ${unit}`]),
    ...(atLeast === undefined ? [] : [`≥ ${atLeast} ${unit}`]),
    ...(ratio === undefined ? [] : [`≤ ${ratio} × floor`]),
  ].join(' and ');
