import { hostOf } from '../../domain/address.ts';
import type { CertificateFacts, Outcome, Source } from '../../domain/records.ts';
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

export const OUTCOME_WORDS = {
  denied: '⛔ Denied',
  withdrawn: '↩️ Withdrawn',
  lapsed: '⌛ Lapsed',
  failed: '❌ Could not be opened',
  closed: '🔒 Opened and closed',
} as const satisfies Record<Outcome, string>;
