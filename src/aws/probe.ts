import { codeOf, nameOf } from './errors.ts';
import { bad, ok, refusingLayer, type Finding } from './finding.ts';

/** How long one try may take. */
export const PROBE_MS = 10_000;

/** Answers that come after AWS has found the call permitted: the condition does not hold, the document is none. */
const PERMITTED = [
  'PreconditionFailed',
  'NoSuchKey',
  'NoSuchVersion',
  'ConditionalRequestConflict',
  'MalformedPolicy',
  'MalformedXML',
  'IllegalVersioningConfigurationException',
];

type Outcome = { readonly isPermitted: boolean } | { readonly error: unknown };

async function tried(call: () => Promise<unknown>): Promise<Outcome & { readonly layer?: string }> {
  try {
    await call();
    return { isPermitted: true };
  } catch (error) {
    if (PERMITTED.includes(nameOf(error))) return { isPermitted: true };
    if (codeOf(error, 'read') === 'not-permitted') return { isPermitted: false, layer: refusingLayer(error) };
    return { error };
  }
}

/** Trying it has to be permitted. Never throws. */
export async function allowed(check: string, call: () => Promise<unknown>, fix: string): Promise<Finding> {
  const outcome = await tried(call);
  if ('error' in outcome) return answeredElse(check, outcome.error);
  return outcome.isPermitted ? ok(check, 'permitted') : bad(check, `refused by ${outcome.layer}`, fix);
}

/** Trying it has to be refused. Never throws. */
export async function refused(check: string, call: () => Promise<unknown>, fix: string): Promise<Finding> {
  const outcome = await tried(call);
  if ('error' in outcome) return answeredElse(check, outcome.error);
  return outcome.isPermitted ? bad(check, 'permitted', fix) : ok(check, `refused by ${outcome.layer}`);
}

const answeredElse = (check: string, error: unknown): Finding => ({
  check,
  status: 'unknown',
  text: `AWS answered something else: ${nameOf(error)}`,
});
