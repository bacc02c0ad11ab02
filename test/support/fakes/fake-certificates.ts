import { createHash } from 'node:crypto';

import type { CertificateFacts } from '../../../src/domain/records.ts';
import type { Target } from '../../../src/domain/rule.ts';
import type { AcmImport } from '../../../src/domain/workflow.ts';
import type { Certificates } from '../../../src/ports/certificates.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { CallFaults } from './call-faults.ts';

const DAY_MS = 86_400_000;

/** One certificate for every ARN; the endpoint serves a new one after `servedAfter` more looks. */
export class FakeCertificates implements Certificates {
  readonly faults = new CallFaults<keyof Certificates>();
  servedAfter = 0;
  readonly #clock: Clock;
  readonly #held = new Map<string, CertificateFacts>();
  readonly #served = new Map<string, { readonly facts: CertificateFacts; looks: number }>();
  #serial = 0x10;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  current(_target: Target, rotation: AcmImport): Promise<CertificateFacts> {
    return this.faults.around('current', () => this.#heldBy(rotation));
  }

  replace(
    _target: Target,
    rotation: AcmImport,
    imported: (awsRequest: string) => void,
  ): Promise<CertificateFacts> {
    return this.faults.around('replace', () => {
      const before = this.#heldBy(rotation);
      const after = this.#issue();
      this.#held.set(rotation.certificate, after);
      this.#served.set(rotation.certificate, { facts: before, looks: this.servedAfter });
      imported(`import-${after.serial}`);
      return after;
    });
  }

  served(rotation: AcmImport): Promise<CertificateFacts> {
    return this.faults.around('served', () => {
      const old = this.#served.get(rotation.certificate);
      if (old === undefined || old.looks <= 0) return this.#heldBy(rotation);
      old.looks -= 1;
      return old.facts;
    });
  }

  #heldBy({ certificate }: AcmImport): CertificateFacts {
    const held = this.#held.get(certificate) ?? this.#issue();
    this.#held.set(certificate, held);
    return held;
  }

  #issue(): CertificateFacts {
    this.#serial += 1;
    const serial = this.#serial.toString(16).toUpperCase();
    const fingerprint = createHash('sha256').update(serial).digest('hex');
    return { serial, fingerprint, notAfter: this.#clock.now() + 90 * DAY_MS };
  }
}
