import type { Target } from '../domain/rule.ts';

/** What a certificate store says of one it holds, in its own notation (`0a:b1…`, `EC_prime256v1`). */
export type Described = {
  readonly serial: string;
  readonly keyAlgorithm: string;
  readonly imported: boolean;
};

/** PEM texts; `chain` from the issuer upwards, without the certificate itself. */
export type KeyedCertificate = {
  readonly certificate: string;
  readonly chain: string;
  readonly privateKey: string;
};

/** Where certificates are served from, reached as the target's role. Every method throws CertificateError. */
export interface CertificateStore {
  describe(target: Target, arn: string): Promise<Described>;
  /** The certificate itself, PEM. */
  read(target: Target, arn: string): Promise<string>;
  /** Puts another one under the same ARN, and never keeps or shows the private key anywhere else. Answers the AWS request. */
  replace(target: Target, arn: string, replacement: KeyedCertificate): Promise<string>;
}
