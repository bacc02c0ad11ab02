import type { ElementState, JsonObject, Option, StateValues } from './model.ts';
import { isObject, placedElements } from './normalise.ts';
import type { Block } from '@slack/types';

/** Which field of `state.values` an element fills, and how many values it takes. */
const FIELDS = {
  plain_text_input: { field: 'value', kind: 'text' },
  url_text_input: { field: 'value', kind: 'text' },
  email_text_input: { field: 'value', kind: 'text' },
  number_input: { field: 'value', kind: 'text' },
  static_select: { field: 'selected_option', kind: 'option' },
  external_select: { field: 'selected_option', kind: 'option' },
  radio_buttons: { field: 'selected_option', kind: 'option' },
  checkboxes: { field: 'selected_options', kind: 'options' },
  multi_static_select: { field: 'selected_options', kind: 'options' },
  multi_external_select: { field: 'selected_options', kind: 'options' },
  users_select: { field: 'selected_user', kind: 'text' },
  multi_users_select: { field: 'selected_users', kind: 'texts' },
  channels_select: { field: 'selected_channel', kind: 'text' },
  conversations_select: { field: 'selected_conversation', kind: 'text' },
  datepicker: { field: 'selected_date', kind: 'text' },
  timepicker: { field: 'selected_time', kind: 'text' },
  datetimepicker: { field: 'selected_date_time', kind: 'number' },
} as const satisfies Record<string, { field: keyof ElementState; kind: string }>;

type ElementType = keyof typeof FIELDS;

function isStateful(type: unknown): type is ElementType {
  return typeof type === 'string' && type in FIELDS;
}

/** What a person typed or chose, as the control interface takes it: text, option values, or null for nothing. */
export type Entered = string | readonly string[] | null;

/** The state of every element as the view first shows it, keeping what `previous` already holds for the same ids. */
export function initialState(blocks: readonly Block[], previous: StateValues = {}): StateValues {
  const values: StateValues = {};
  for (const { blockId, actionId, element } of placedElements(blocks)) {
    if (!isStateful(element['type'])) continue;
    const kept = previous[blockId]?.[actionId];
    (values[blockId] ??= {})[actionId] =
      kept !== undefined && kept.type === element['type'] ? kept : initialValue(element);
  }
  return values;
}

function initialValue(element: JsonObject): ElementState {
  const type = String(element['type']) as ElementType;
  const { field, kind } = FIELDS[type];
  const initial = element[field.replace(/^selected_/, 'initial_').replace(/^value$/, 'initial_value')];
  const empty = kind === 'options' || kind === 'texts' ? [] : null;
  return { type, [field]: structuredClone(initial ?? empty) };
}

/**
 * The element's state after a person entered something. Options are looked up among the element's own, or among
 * `offered` (the answers to the last search of an external select); what is not among them answers undefined.
 */
export function enteredState(
  element: JsonObject,
  entered: Entered,
  offered: readonly Option[],
): ElementState | undefined {
  if (!isStateful(element['type'])) return undefined;
  const type = element['type'];
  const { field, kind } = FIELDS[type];
  const many = entered === null ? [] : typeof entered === 'string' ? [entered] : [...entered];
  const first = many[0];
  switch (kind) {
    case 'text':
      return { type, [field]: first === undefined || first === '' ? null : first };
    case 'number':
      return { type, [field]: first === undefined || first === '' ? null : Number(first) };
    case 'texts':
      return { type, [field]: many };
    case 'option':
    case 'options': {
      const chosen = many.filter((value) => value !== '').map((value) => findOption(element, value, offered));
      if (chosen.includes(undefined)) return undefined;
      return { type, [field]: kind === 'options' ? chosen : (chosen[0] ?? null) };
    }
  }
}

/** What a client that ignores the offered options would send. */
export function forgedState(element: JsonObject, entered: Entered): ElementState {
  const many = entered === null ? [] : typeof entered === 'string' ? [entered] : [...entered];
  const forged = many.map((value): Option => ({ text: { type: 'plain_text', text: value }, value }));
  return enteredState(element, entered, forged) ?? { type: String(element['type']), value: many[0] ?? null };
}

export function optionsOf(element: JsonObject): Option[] {
  const groups = Array.isArray(element['option_groups']) ? element['option_groups'].filter(isObject) : [];
  const lists: unknown[] = [element['options'], ...groups.map((group) => group['options'])];
  const initial = [element['initial_option'], element['initial_options']].flat();
  return [...lists.flat(), ...initial].filter(isObject) as unknown as Option[];
}

function findOption(element: JsonObject, value: string, offered: readonly Option[]): Option | undefined {
  return [...optionsOf(element), ...offered].find((option) => option.value === value);
}

export function isEmpty(state: ElementState | undefined): boolean {
  if (state === undefined || !isStateful(state.type)) return true;
  const value = state[FIELDS[state.type].field];
  return (
    value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
  );
}
