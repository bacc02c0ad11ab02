import {
  type ACMClient,
  DescribeCertificateCommand,
  GetCertificateCommand,
  ImportCertificateCommand,
} from '@aws-sdk/client-acm';

import type { Place } from '../domain/rule.ts';
import { CertificateError } from '../ports/certificates.ts';
import type { AwsClients, Pair } from './clients.ts';
import { certificateError } from './errors.ts';
import { timeLimit } from './time-limit.ts';

const READ_MS = 8_000;
const CHANGE_MS = 10_000;

/** PEM texts. */
export type ImportedCertificate = {
  readonly certificate: string;
  readonly chain: string;
  readonly privateKey: string;
};

/** Certificates that ACM holds. Every method throws CertificateError. */
export class AcmCertificates {
  readonly #clients: AwsClients;

  constructor({ clients }: { readonly clients: AwsClients }) {
    this.#clients = clients;
  }

  /** Serial and key algorithm in ACM's own notation (`0a:b1…`, `EC_prime256v1`), and whether it was imported. */
  async describe(
    place: Place,
    arn: string,
  ): Promise<{ serial: string; keyAlgorithm: string; imported: boolean }> {
    try {
      const command = new DescribeCertificateCommand({ CertificateArn: arn });
      const { Certificate: held } = await this.#acm(place).read.send(command, timeLimit(READ_MS));
      return {
        serial: held?.Serial ?? '',
        keyAlgorithm: held?.KeyAlgorithm ?? '',
        imported: held?.Type === 'IMPORTED',
      };
    } catch (error) {
      throw certificateError(error, 'read', `describe ${arn}`);
    }
  }

  /** The certificate itself, PEM. */
  async read(place: Place, arn: string): Promise<string> {
    try {
      const command = new GetCertificateCommand({ CertificateArn: arn });
      const { Certificate: pem } = await this.#acm(place).read.send(command, timeLimit(READ_MS));
      if (pem === undefined) throw new CertificateError('rejected', `${arn} holds no certificate yet`);
      return pem;
    } catch (error) {
      throw certificateError(error, 'read', `read ${arn}`);
    }
  }

  /**
   * Imports under the same ARN: what uses the certificate goes on using it (ACM user guide, "Reimport a certificate"). Answers
   * the AWS request.
   */
  async replace(
    place: Place,
    arn: string,
    { certificate, chain, privateKey }: ImportedCertificate,
  ): Promise<string> {
    const command = new ImportCertificateCommand({
      CertificateArn: arn,
      Certificate: Buffer.from(certificate),
      CertificateChain: Buffer.from(chain),
      PrivateKey: Buffer.from(privateKey),
    });
    try {
      const { $metadata } = await this.#acm(place).change.send(command, timeLimit(CHANGE_MS));
      return $metadata.requestId ?? '';
    } catch (error) {
      throw certificateError(error, 'change', `import to ${arn}`);
    }
  }

  #acm(place: Place): Pair<ACMClient> {
    return this.#clients.at(place).acm;
  }
}
