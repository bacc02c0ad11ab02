import type { Refusal, RefusalCode } from '../../domain/refusals.ts';
import { refusalText } from '../refusal-texts.ts';

/** Block and action ids of the form. A block that must be drawn anew has a suffix: `duration.payments`. */
export const FIELDS = {
  workflow: 'workflow',
  listed: 'listed',
  source: 'source',
  duration: 'duration',
  reason: 'reason',
  incident: 'incident',
} as const;

export type Field = keyof typeof FIELDS;

/** Where a refusal is shown. What is about no field stands under the first one. */
const FIELD_OF = {
  'unknown-person': 'workflow',
  deactivated: 'workflow',
  bot: 'workflow',
  guest: 'workflow',
  'outside-organisation': 'workflow',
  'not-a-requester': 'workflow',
  'own-request': 'workflow',
  'not-an-approver': 'workflow',
  'already-approved-by-you': 'workflow',
  'not-yours-to-end': 'workflow',
  'not-yours-to-extend': 'workflow',
  'own-extension': 'workflow',
  'unknown-workflow': 'workflow',
  'reason-empty': 'reason',
  'reason-short': 'reason',
  'reason-long': 'reason',
  'link-not-url': 'incident',
  'link-other-provider': 'incident',
  'incident-unknown': 'incident',
  'incident-closed': 'incident',
  'incident-old': 'incident',
  'address-invalid': 'source',
  'address-host-bits': 'source',
  'address-too-wide': 'source',
  'address-loopback': 'source',
  'address-multicast': 'source',
  'address-private': 'source',
  'address-unusable': 'source',
  'address-not-listed': 'source',
  'duration-invalid': 'duration',
  'duration-short': 'duration',
  'duration-long': 'duration',
  'no-such-request': 'workflow',
  'already-decided': 'workflow',
  lapsed: 'workflow',
  withdrawn: 'workflow',
  'card-outdated': 'workflow',
  'nothing-to-end': 'workflow',
  'nothing-to-extend': 'workflow',
  'extension-not-allowed': 'workflow',
  'extension-used-up': 'workflow',
  'extension-denied': 'workflow',
  'extension-too-late': 'workflow',
  'workflow-changed': 'workflow',
  'approvals-insufficient': 'workflow',
  'approval-stale': 'workflow',
  'clock-skewed': 'workflow',
  'directory-silent': 'workflow',
  'incident-system-silent': 'incident',
  'log-unavailable': 'workflow',
  'log-not-trusted': 'workflow',
} as const satisfies Record<RefusalCode, Field>;

/** Only what a view's blocks are needed for here: their ids. */
export type Identified = { readonly block_id?: string };

/** The id under which a field stands in this view; undefined where the view does not have it. */
export const blockOf = (blocks: readonly Identified[], field: Field): string | undefined =>
  blocks.map(({ block_id: id }) => id).find((id) => id === field || id?.startsWith(`${field}.`) === true);

/** Text by block id, as Slack shows it under the fields. Several about one field stand under it together. */
export function fieldErrors(
  blocks: readonly Identified[],
  refusals: readonly Refusal[],
): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const refusal of refusals) {
    const block = blockFor(blocks, FIELD_OF[refusal.code]);
    const text = refusalText(refusal);
    errors[block] = block in errors ? `${errors[block]} ${text}` : text;
  }
  return errors;
}

/** A workflow that takes no typed address shows problems with it under its list. */
function blockFor(blocks: readonly Identified[], field: Field): string {
  const beside = field === 'source' ? blockOf(blocks, 'listed') : undefined;
  return blockOf(blocks, field) ?? beside ?? blockOf(blocks, 'workflow') ?? FIELDS.workflow;
}
