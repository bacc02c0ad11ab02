import { codeOf, nameOf, textOf } from './errors.ts';

/**
 * What was looked at, and whether it is as it should be. `unknown`: it could not be looked at. `later`: it cannot be tried
 * before there is a log. `untried`: nothing tells it without doing it; somebody has to read a policy.
 */
export type Finding = {
  readonly check: string;
  readonly status: 'ok' | 'bad' | 'unknown' | 'later' | 'untried';
  readonly text: string;
  /** What to change; or to look at; for `bad`, `untried`, and `unknown` where we know. */
  readonly fix?: string;
};

export const ok = (check: string, text: string): Finding => ({ check, status: 'ok', text });
export const bad = (check: string, text: string, fix: string): Finding => ({
  check,
  status: 'bad',
  text,
  fix,
});

/** A question that AWS did not answer. `permission` is what asking it takes. */
export function unasked(check: string, error: unknown, permission: string): Finding {
  if (nameOf(error) === 'NoSuchBucket')
    return bad(
      check,
      'it does not exist',
      'create the bucket with Object Lock, or correct BREAKGLASS_LOG_BUCKET',
    );
  if (codeOf(error, 'read') === 'not-permitted')
    return {
      check,
      status: 'unknown',
      text: `${permission} is not allowed to this process, by ${refusingLayer(error)}`,
      fix: `allow ${permission} to whoever runs this`,
    };
  return { check, status: 'unknown', text: `it could not be checked: ${nameOf(error)}` };
}

/**
 * Who says no, in the words of IAM user guide "Troubleshoot access denied error messages" and of S3's own for a locked
 * version. For people alone: texts change without notice, so nothing is judged by it.
 */
export function refusingLayer(error: unknown): string {
  const text = textOf(error);
  return LAYERS.find(([words]) => words.test(text))?.[1] ?? 'a layer that AWS does not name';
}

const LAYERS: readonly (readonly [RegExp, string])[] = [
  [/object lock/i, 'the lock of the object'],
  [/explicit deny in a resource-based policy/i, 'the bucket policy'],
  [/explicit deny in a service control policy|no service control policy allows/i, 'a service control policy'],
  [/explicit deny in a(n identity-based| session)? policy|permissions boundary/i, 'a policy of the caller'],
  [/no (identity-based|session|resource-based) policy allows/i, 'a missing permission'],
];
