import { stat } from 'node:fs/promises';

import type { AwsClients } from '../../aws/clients.ts';
import { kmsSigner, UnusableKeyError } from '../../aws/kms-signer.ts';
import type { Config, Secrets } from '../../config/config.ts';
import type { SigningKey } from '../../config/signing-keys.ts';
import type { Role, Signer } from '../../log/types.ts';

/** The signing keys of this process, ready to use when they are first asked for: KMS may be away, and nothing else waits. */
export type Signers = {
  /** For a role of this process. LogError `signer-unavailable`, or UnusableKeyError. */
  of(role: Role): Promise<Signer>;
  /** Both verifier keys, for the first commit of a log; null where one of them is not known here. Throws as `of`. */
  vkeys(): Promise<Readonly<Record<Role, string>> | null>;
};

type Keys = Readonly<Record<Role, SigningKey | null>>;

export const keysOf = ({ bot, worker }: Pick<Secrets, 'bot' | 'worker'>): Keys => ({
  bot: bot?.key ?? null,
  worker: worker?.key ?? null,
});

export function createSigners(
  aws: Pick<AwsClients, 'kms'>,
  keys: Keys,
  publicKeys: Config['log']['publicKeys'],
): Signers {
  const ready = new Map<Role, Signer>();
  const of = async (role: Role): Promise<Signer> => {
    const known = ready.get(role);
    if (known !== undefined) return known;
    const key = keys[role];
    if (key === null) throw new Error(`this process is no ${role}`);
    const signer = await signerOf(aws, key);
    expectKey(signer, publicKeys[role]);
    ready.set(role, signer);
    return signer;
  };
  const vkeyOf = async (role: Role): Promise<string | null> =>
    publicKeys[role] ?? (keys[role] === null ? null : (await of(role)).vkey);
  return {
    of,
    async vkeys() {
      const [bot, worker] = await Promise.all([vkeyOf('bot'), vkeyOf('worker')]);
      return bot === null || worker === null ? null : { bot, worker };
    },
  };
}

const OTHERS_MAY_READ = 0o044;

/** Files of private keys that not only their owner may read. One that is gone by now is nobody's to read. */
export async function exposedFiles(keys: Keys): Promise<string[]> {
  const exposed: string[] = [];
  for (const key of Object.values(keys)) {
    if (key?.kind !== 'held') continue;
    const mode = await stat(key.file).then(
      (found) => found.mode,
      () => 0,
    );
    if ((mode & OTHERS_MAY_READ) !== 0) exposed.push(key.file);
  }
  return exposed;
}

/** Throws as `Signers.of`. */
export async function signerOf(aws: Pick<AwsClients, 'kms'>, key: SigningKey): Promise<Signer> {
  if (key.kind === 'held') return key.signer;
  const { role, origin, keyId, region } = key;
  return kmsSigner({ client: await aws.kms(region), role, origin, keyId });
}

/** Somebody who can point the alias at another key must not be this role before anybody has looked. */
function expectKey({ role, vkey }: Signer, expected: string | null): void {
  if (expected === null || expected === vkey) return;
  const name = `BREAKGLASS_${role.toUpperCase()}`;
  throw new UnusableKeyError(
    `${name}_PUBLIC_KEY is ${expected}, but the key that ${name}_KEY names in KMS is ${vkey}: correct one of them`,
  );
}
