import type { Refusal } from '../../domain/refusals.ts';
import type { Logger } from '../logger.ts';
import { unexpectedText } from '../refusal-texts.ts';
import { correlate } from './correlate.ts';
import type { Answer } from './verbs.ts';
import type { Settled } from '../within.ts';

/** How asking went, in words where nobody foresaw it. */
export type Outcome =
  | { readonly kind: 'asked'; readonly request: string }
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] }
  | { readonly kind: 'failed'; readonly text: string };

export function outcomeOf(result: Settled<Answer>, logger: Logger): Outcome {
  if (!result.ok) return { kind: 'failed', text: unexpectedText(correlate(logger, result.error, 'ask')) };
  return result.value.ok
    ? { kind: 'asked', request: result.value.request }
    : { kind: 'refused', refusals: result.value.refusals };
}
