import type { CertificateFacts } from '../domain/records.ts';
import type { Target } from '../domain/rule.ts';
import type { AcmImport } from '../domain/workflow.ts';
import { CertificateError, type Certificates } from '../ports/certificates.ts';
import type { Clock } from '../ports/clock.ts';
import { factsOf, plainSerial } from './facts.ts';
import { keyAlgorithm } from './key-pair.ts';
import { issueLike } from './local-ca.ts';
import { servedCertificate } from './probe.ts';
import type { CertificateStore } from './store.ts';

/** How long the store may go on describing the old certificate after it took the new one. */
const VISIBLE_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 500;

/** Rotation by importing a new certificate, with a new key, under the ARN that is already in use. */
export class AcmImportCertificates implements Certificates {
  readonly #store: CertificateStore;
  readonly #clock: Clock;

  constructor(options: { readonly store: CertificateStore; readonly clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  async current(target: Target, { certificate: arn }: AcmImport): Promise<CertificateFacts> {
    return factsOf(await this.#store.read(target, arn));
  }

  async replace(
    target: Target,
    { certificate: arn, issuer }: AcmImport,
    imported: (awsRequest: string) => void,
  ): Promise<CertificateFacts> {
    const held = await this.#store.describe(target, arn);
    if (!held.imported)
      throw new CertificateError('rejected', `${arn} was not imported, so it cannot be replaced`);
    const current = await this.#store.read(target, arn);
    const replacement = await issueLike(current, keyAlgorithm(held.keyAlgorithm), issuer, this.#clock.now());
    imported(await this.#store.replace(target, arn, replacement));
    await this.#untilReplaced(target, arn, held.serial);
    return factsOf(replacement.certificate);
  }

  served({ probe }: AcmImport): Promise<CertificateFacts> {
    return servedCertificate(probe);
  }

  /** Until the old one is no longer described: another window may have replaced ours in turn, which is as good. */
  async #untilReplaced(target: Target, arn: string, old: string): Promise<void> {
    const giveUpAt = this.#clock.monotonic() + VISIBLE_WITHIN_MS;
    for (;;) {
      const { serial: described } = await this.#store.describe(target, arn);
      if (plainSerial(described) !== plainSerial(old)) return;
      if (this.#clock.monotonic() >= giveUpAt) break;
      await this.#clock.pause(LOOK_EVERY_MS);
    }
    throw new CertificateError('unreachable', `${arn} took the new certificate but still shows the old one`);
  }
}
