import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { JsonFolder } from '../../storage/json-folder.ts';
import { AWS_WORLD } from '../../world.ts';

export type KeySpec = 'ECC_NIST_EDWARDS25519' | 'RSA_2048';
export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

/** As stored, with its private key, in a file that only the owner can read. */
export interface KmsKey {
  /** What follows `key/` in its ARN. */
  readonly id: string;
  /** Without `alias/`. */
  readonly alias: string;
  readonly spec: KeySpec;
  readonly state: KeyState;
  /** Who the key's policy lets use it, as `user/<name>` or `role/<name>`. */
  readonly users: readonly string[];
  readonly privateKey: string;
}

/** The account's asymmetric signing keys, seeded with one for each role and one that each may be replaced with. */
export class KmsKeys {
  readonly #folder: JsonFolder<KmsKey>;
  readonly #keys = new Map<string, KmsKey>();

  private constructor(path: string) {
    this.#folder = new JsonFolder(path, 0o600);
  }

  static async load(path: string): Promise<KmsKeys> {
    const keys = new KmsKeys(path);
    for (const key of await keys.#folder.readAll()) keys.#keys.set(key.id, key);
    await Promise.all(
      AWS_WORLD.kmsKeys
        .filter(({ id }) => !keys.#keys.has(id))
        .map((seed) => keys.create({ ...seed, spec: 'ECC_NIST_EDWARDS25519' })),
    );
    return keys;
  }

  /** By id, key ARN, alias name or alias ARN, as the API takes them. */
  find(name: string): KmsKey | undefined {
    const short = name.startsWith(ARN_PREFIX) ? name.slice(ARN_PREFIX.length) : `key/${name}`;
    const alias = name.startsWith('alias/') ? name : short;
    return [...this.#keys.values()].find(
      (key) => short === `key/${key.id}` || alias === `alias/${key.alias}`,
    );
  }

  /** A key with new material. */
  create({ id, alias, spec, users }: Pick<KmsKey, 'id' | 'alias' | 'spec' | 'users'>): Promise<void> {
    const privateKey = newKey(spec).export({ type: 'pkcs8', format: 'pem' }).toString();
    return this.put({ id, alias, spec, users, state: 'Enabled', privateKey });
  }

  /** In effect at once; resolves when it is on disk. */
  put(key: KmsKey): Promise<void> {
    this.#keys.set(key.id, key);
    return this.#folder.save(key.id, () => this.#keys.get(key.id));
  }
}

const ARN_PREFIX = `arn:aws:kms:${AWS_WORLD.region}:${AWS_WORLD.account}:`;

export const arnOf = ({ id }: Pick<KmsKey, 'id'>): string => `${ARN_PREFIX}key/${id}`;
export const privateKeyOf = ({ privateKey }: KmsKey): KeyObject => createPrivateKey(privateKey);

const newKey = (spec: KeySpec): KeyObject =>
  spec === 'RSA_2048'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ed25519').privateKey;
