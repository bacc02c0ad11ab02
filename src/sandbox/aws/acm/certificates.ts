import { JsonFolder } from '../../storage/json-folder.ts';
import { AWS_WORLD } from '../../world.ts';
import type { Authority } from './authority.ts';
import { type CertificateFacts, factsOf } from './certificate-facts.ts';

/** As stored, with its private key, in a file that only the owner can read. Times are epoch milliseconds. */
export interface StoredCertificate {
  readonly arn: string;
  readonly certificate: string;
  readonly chain: string;
  readonly privateKey: string;
  readonly createdAt: number;
  readonly importedAt: number;
  /** ARNs of what serves it. */
  readonly inUseBy: readonly string[];
}

export type HeldRecord = StoredCertificate & { readonly facts: CertificateFacts };

const LOAD_BALANCER = `arn:aws:elasticloadbalancing:${AWS_WORLD.region}:${AWS_WORLD.account}:loadbalancer/app/payments-console/50dc6c495c0c9188`;

/** What ACM holds, seeded with the guarded service's certificate. */
export class Certificates {
  readonly #folder: JsonFolder<StoredCertificate>;
  readonly #authority: Authority;
  readonly #held = new Map<string, HeldRecord>();
  readonly #listeners = new Set<(record: HeldRecord) => void>();

  private constructor(path: string, authority: Authority) {
    this.#folder = new JsonFolder(path, 0o600);
    this.#authority = authority;
  }

  static async load(path: string, authority: Authority, now: number): Promise<Certificates> {
    const certificates = new Certificates(path, authority);
    for (const stored of await certificates.#folder.readAll()) {
      certificates.#held.set(stored.arn, { ...stored, facts: factsOf(stored.certificate) });
    }
    if (certificates.#held.size === 0) await certificates.#seed(now);
    return certificates;
  }

  get(arn: string): HeldRecord | undefined {
    return this.#held.get(arn);
  }

  all(): HeldRecord[] {
    return [...this.#held.values()];
  }

  /** In effect at once; resolves when it is on disk. */
  async put(stored: StoredCertificate): Promise<void> {
    const record = { ...stored, facts: factsOf(stored.certificate) };
    this.#held.set(stored.arn, record);
    for (const listener of this.#listeners) listener(record);
    const id = stored.arn.slice(stored.arn.lastIndexOf('/') + 1);
    await this.#folder.save(id, () => this.#held.get(stored.arn));
  }

  async reset(now: number): Promise<void> {
    this.#held.clear();
    await this.#folder.clear();
    await this.#seed(now);
  }

  onChange(listener: (record: HeldRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #seed(now: number): Promise<void> {
    const issued = await this.#authority.issue(AWS_WORLD.certificateName, now);
    await this.put({
      arn: AWS_WORLD.certificate,
      ...issued,
      createdAt: now,
      importedAt: now,
      inUseBy: [LOAD_BALANCER],
    });
  }
}
