import { hostOf } from '../../domain/address.ts';
import type { CertificateFacts, CloseTrigger, Outcome, RequestLapsed, Source } from '../../domain/records.ts';
import { inline } from './escape.ts';

export const sourceText = ({ address, name }: Source): string =>
  name === null ? `\`${hostOf(address)}\`` : `\`${hostOf(address)}\` (${inline(name, 80)})`;

/** Enough to tell two certificates apart by eye; the record has the whole of both. */
export const certificate = ({ serial, fingerprint }: CertificateFacts): string =>
  `serial \`${ends(serial)}\`, SHA-256 \`${ends(fingerprint)}\``;

/** `51:e4:8b…67:78`, in pairs of lower-case digits as AWS shows them. */
function ends(hex: string): string {
  const pairs = hex.toLowerCase().match(/[0-9a-f]{1,2}/g) ?? [];
  return pairs.length <= 6 ? pairs.join(':') : `${pairs.slice(0, 3).join(':')}…${pairs.slice(-2).join(':')}`;
}

export const LAPSE_WORDS = {
  unanswered: 'nobody approved it in time',
  'people-changed': 'somebody it stands on is no longer who they were when it was approved',
  'not-opened': 'it could not be opened in time',
} as const satisfies Record<RequestLapsed['why'], string>;

export const TRIGGER_WORDS = {
  deadline: 'its time was up',
  done: 'the requester was done',
  revoked: 'it was closed by hand',
  sweep: 'the sweep closed it',
  gone: 'the rule was removed by somebody else',
  undo: 'the opening was undone',
} as const satisfies Record<CloseTrigger, string>;

export const OUTCOME_WORDS = {
  denied: '⛔ Denied',
  withdrawn: '↩️ Withdrawn',
  lapsed: '⌛ Lapsed',
  failed: '❌ Could not be opened',
  closed: '🔒 Opened and closed',
} as const satisfies Record<Outcome, string>;
