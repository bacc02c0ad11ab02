/** A rule of a revoke that was sent back because one of its rules was not there: then AWS did nothing at all. */
export type SentBack = {
  readonly ruleId: string;
  /** How often that has happened to it, this time included. */
  readonly strikes: number;
};

export type Verdict =
  | 'gone'
  /** To be sent again after so many milliseconds, and where that is the only way to know: by itself. */
  | { readonly after: number; readonly alone: boolean };

const LONGEST_HOLD_MS = 2_000;

/**
 * Those that describing has to tell about, where `named` are the rules that AWS called missing in its text. The first time
 * the rest need not wait for that. If it happens again, many are missing: somebody else is closing this group.
 */
export function unsureOf<Rule extends SentBack>(
  rules: readonly Rule[],
  named: readonly string[],
): readonly Rule[] {
  const isFirst = rules.every(({ strikes }) => strikes === 1);
  return named.length > 0 && isFirst ? rules.filter(({ ruleId }) => named.includes(ruleId)) : rules;
}

/**
 * What is not described either has gone. Describe lags: while it shows all of them, one that AWS named goes by itself and
 * the rest wait ever longer for it to catch up; where AWS named none, each goes by itself.
 */
export function verdictsOn<Rule extends SentBack>(
  unsure: readonly Rule[],
  named: readonly string[],
  described: ReadonlySet<string>,
): ReadonlyMap<Rule, Verdict> {
  const isLagging = unsure.every(({ ruleId }) => described.has(ruleId));
  const hinted = named.length > 0;
  return new Map(
    unsure.map((rule): [Rule, Verdict] => {
      if (!described.has(rule.ruleId)) return [rule, 'gone'];
      const alone = hinted ? named.includes(rule.ruleId) : isLagging;
      return [rule, { alone, after: hinted && isLagging ? hold(rule.strikes) : 0 }];
    }),
  );
}

const hold = (strikes: number): number => Math.min(LONGEST_HOLD_MS, 125 * 2 ** strikes);
