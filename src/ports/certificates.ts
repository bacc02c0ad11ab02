import type { CertificateFacts } from '../domain/records.ts';
import type { AcmImport } from '../domain/workflow.ts';
import type { Target } from '../domain/rule.ts';

/** Replacing the certificate that was exposed. Private keys never leave this port: facts come out, nothing else. */
export interface Certificates {
  /** What the certificate store holds now. */
  current(target: Target, rotation: AcmImport): Promise<CertificateFacts>;
  /**
   * New key pair of the same type and size, certificate for the same names from the issuer, imported to the same place.
   * `imported` is told the AWS request as soon as it is answered: what follows may still fail.
   */
  replace(
    target: Target,
    rotation: AcmImport,
    imported: (awsRequest: string) => void,
  ): Promise<CertificateFacts>;
  /** What a TLS handshake with the probe address is served now. */
  served(rotation: AcmImport): Promise<CertificateFacts>;
}

export type CertificateErrorCode =
  'not-permitted' | 'no-such-certificate' | 'issuer-unusable' | 'rejected' | 'unreachable';

/** `message` is safe to show: never key material, never a path outside the workflow file's own. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
