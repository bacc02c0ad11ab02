import { X509Certificate } from 'node:crypto';

import type { CertificateFacts } from '../domain/records.ts';

/** How a certificate is told apart. Throws when the text or bytes are no X.509 certificate. */
export function factsOf(certificate: X509Certificate | string): CertificateFacts {
  const parsed = typeof certificate === 'string' ? new X509Certificate(certificate) : certificate;
  return {
    serial: plainSerial(parsed.serialNumber),
    fingerprint: parsed.fingerprint256.replaceAll(':', '').toLowerCase(),
    notAfter: Date.parse(parsed.validTo),
  };
}

/** One notation for serial numbers: upper-case hex of the number, so neither separators nor padding make a difference. */
export const plainSerial = (hex: string): string =>
  hex
    .replaceAll(/[^0-9a-fA-F]/g, '')
    .toUpperCase()
    .replace(/^0+(?=.)/, '');
