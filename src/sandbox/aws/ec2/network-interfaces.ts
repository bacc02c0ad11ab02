import { JsonFolder } from '../../storage/json-folder.ts';
import { AWS_WORLD } from '../../world.ts';
import { History } from './history.ts';

/** As stored: one file for each network interface, readable by a person. */
export interface NetworkInterface {
  readonly id: string;
  readonly subnetId: string;
  /** Ids of its security groups. */
  readonly groups: readonly string[];
  /** `interface`, `network_load_balancer`, … */
  readonly type: string;
  /** Made and owned by a service, such as a load balancer's. */
  readonly requesterManaged: boolean;
  readonly address: string;
  readonly description: string;
  /** Seconds after which an idle tracked connection is forgotten; null when never set: the instance type decides. */
  readonly tcpEstablishedTimeout: number | null;
}

/** The network interfaces of the seeded VPC, with a short history. */
export class NetworkInterfaces {
  readonly #folder: JsonFolder<NetworkInterface>;
  readonly #interfaces = new Map<string, NetworkInterface>();
  readonly #history = new History<NetworkInterface>();
  readonly #listeners = new Set<() => void>();

  private constructor(path: string) {
    this.#folder = new JsonFolder(path);
  }

  /** Interfaces as they were left, or the seeded ones at the first start. */
  static async load(path: string): Promise<NetworkInterfaces> {
    const interfaces = new NetworkInterfaces(path);
    const stored = await interfaces.#folder.readAll();
    if (stored.length === 0) await interfaces.reset();
    for (const one of stored) interfaces.#interfaces.set(one.id, one);
    return interfaces;
  }

  async reset(): Promise<void> {
    this.#interfaces.clear();
    this.#history.clear();
    for (const seed of AWS_WORLD.networkInterfaces) this.#interfaces.set(seed.id, seed);
    this.#notify();
    await this.#folder.clear();
    await Promise.all(AWS_WORLD.networkInterfaces.map(({ id }) => this.#save(id)));
  }

  byId(id: string): NetworkInterface | undefined {
    return this.#interfaces.get(id);
  }

  /** In the order of their ids. */
  all(): NetworkInterface[] {
    return [...this.#interfaces.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The interface as it was that many milliseconds ago; one made meanwhile is seen at once. */
  asOf(one: NetworkInterface, agoMs: number): NetworkInterface {
    return this.#history.asOf(one.id, one, agoMs);
  }

  /** Takes effect at once; resolves when it is on disk. */
  async put(changed: NetworkInterface): Promise<void> {
    const before = this.#interfaces.get(changed.id);
    if (before !== undefined) this.#history.ended(changed.id, before);
    this.#interfaces.set(changed.id, changed);
    this.#notify();
    await this.#save(changed.id);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #save(id: string): Promise<void> {
    return this.#folder.save(id, () => this.#interfaces.get(id));
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
