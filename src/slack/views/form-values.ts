import type { ViewOutput } from '@slack/bolt';
import { z } from 'zod';

import type { Form } from '../../domain/decide/ask.ts';
import { type Field, FIELDS } from './fields.ts';

/** What stands in the form: text as typed, option values as chosen, empty where nothing is. */
export type Values = Readonly<Record<Field, string>>;

export const NOTHING: Values = {
  workflow: '',
  listed: '',
  source: '',
  duration: '',
  reason: '',
  incident: '',
};

/** Found by action id: a block's own id may carry a suffix. */
export function readValues({ state }: ViewOutput): Values {
  const found = new Map<string, string>();
  for (const block of Object.values(state.values)) {
    for (const [action, { value, selected_option: option }] of Object.entries(block)) {
      found.set(action, option?.value ?? value ?? '');
    }
  }
  const of = (field: Field): string => found.get(FIELDS[field]) ?? '';
  return {
    workflow: of('workflow'),
    listed: of('listed'),
    source: of('source'),
    duration: of('duration'),
    reason: of('reason'),
    incident: of('incident'),
  };
}

/** Both an address chosen and one typed: only the person knows which is meant. */
export const isAmbiguous = ({ listed, source }: Values): boolean => listed !== '' && source.trim() !== '';

export const AMBIGUOUS = 'Choose an address from the list or type one, not both.';

export const formOf = ({ listed, source, duration, reason }: Values): Form => ({
  source: listed === '' ? { typed: source } : { listed },
  duration,
  reason,
});

/** What a view carries along besides what is typed: where it was asked, and which workflow it is drawn for. */
export type Carried = { readonly channel: string; readonly workflow: string };

export const carry = (carried: Carried): string => JSON.stringify(carried);

const carried = z.object({ channel: z.string(), workflow: z.string() });

export function carriedBy({ private_metadata: text }: Pick<ViewOutput, 'private_metadata'>): Carried {
  return carried.parse(JSON.parse(text));
}
