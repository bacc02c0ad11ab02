import type { Block } from '@slack/types';
import { isEmpty } from './elements.ts';
import type { ElementState, JsonObject, StateValues } from './model.ts';
import { placedElements } from './normalise.ts';

/**
 * What Slack's own client refuses before it sends a modal: required inputs, text lengths, and the formats of
 * number, e-mail and URL inputs. Answers block id -> text; empty when nothing is wrong.
 */
export function clientErrors(blocks: readonly Block[], values: StateValues): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { blockId, block, actionId, element } of placedElements(blocks)) {
    if (block['type'] !== 'input') continue;
    const state = values[blockId]?.[actionId];
    if (isEmpty(state)) {
      if (block['optional'] !== true) errors[blockId] = 'Please complete this required field.';
      continue;
    }
    const problem = formatProblem(element, state);
    if (problem !== undefined) errors[blockId] = problem;
  }
  return errors;
}

function formatProblem(element: JsonObject, state: ElementState | undefined): string | undefined {
  const value = state?.value ?? '';
  switch (element['type']) {
    case 'plain_text_input':
      return lengthProblem(value, numberOr(element['min_length'], 0), numberOr(element['max_length'], 3000));
    case 'url_text_input':
      return URL.canParse(value) && /^https?:/i.test(value) ? undefined : 'Please enter a valid URL.';
    case 'email_text_input':
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? undefined : 'Please enter a valid email address.';
    case 'number_input':
      return numberProblem(element, value);
    default:
      return undefined;
  }
}

function lengthProblem(value: string, minimum: number, maximum: number): string | undefined {
  if (value.length < minimum) return `Your entry must be at least ${minimum} characters long.`;
  if (value.length > maximum) return `Your entry must be at most ${maximum} characters long.`;
  return undefined;
}

function numberProblem(element: JsonObject, value: string): string | undefined {
  const pattern = element['is_decimal_allowed'] === true ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  if (!pattern.test(value)) return 'Please enter a valid number.';
  if (Number(value) < Number(element['min_value'] ?? -Infinity)) return 'The number is too small.';
  if (Number(value) > Number(element['max_value'] ?? Infinity)) return 'The number is too large.';
  return undefined;
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
