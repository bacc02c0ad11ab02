import { createPublicKey } from 'node:crypto';
import { parseVkey, pemSigner, vkeyOf } from '../log/keys.ts';
import { ROLES, type Role, type Signer } from '../log/types.ts';
import type { ReadText } from './environment.ts';
import type { Values } from './variables.ts';

const PRIVATE = { bot: 'BREAKGLASS_BOT_KEY', worker: 'BREAKGLASS_WORKER_KEY' } as const;
const PUBLIC = { bot: 'BREAKGLASS_BOT_PUBLIC_KEY', worker: 'BREAKGLASS_WORKER_PUBLIC_KEY' } as const;

// AWS KMS key ids, ARNs and aliases: https://docs.aws.amazon.com/kms/latest/developerguide/find-cmk-id-arn.html
const KEY_ID = '(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';
const ALIAS = 'alias/[A-Za-z0-9/_-]{1,250}';
const KMS = new RegExp(
  `^(?:arn:aws[a-z-]*:kms:(?<region>[a-z0-9-]+):\\d{12}:(?:key/${KEY_ID}|${ALIAS})|${KEY_ID}|${ALIAS})$`,
);

/** A private key that this process may sign with: held by it, or in AWS KMS. */
export type SigningKey =
  | {
      readonly kind: 'held';
      readonly signer: Signer;
      /** Where it was read. */
      readonly file: string;
    }
  | {
      readonly kind: 'kms';
      readonly role: Role;
      /** The name that its verifier key gets. */
      readonly origin: string;
      /** Key id, key ARN, alias or alias ARN. */
      readonly keyId: string;
      /** Undefined: where the process's own Region is. */
      readonly region: string | undefined;
    };

export type SigningKeys = {
  readonly keys: Readonly<Record<Role, SigningKey | null>>;
  /** Verifier keys, as far as they are known without asking KMS. */
  readonly publicKeys: Readonly<Record<Role, string | null>>;
};

/** The keys that this process holds and knows. Key material goes into the signers and nowhere else. */
export function readSigningKeys(
  values: Values,
  readText: ReadText,
): { keys: SigningKeys; problems: string[] } {
  const problems: string[] = [];
  const origin = values.BREAKGLASS_DEPLOYMENT;
  const none = { bot: null, worker: null };
  // Keys carry the deployment's name, and that it is missing or malformed has been said already.
  if (origin === undefined) return { keys: { keys: none, publicKeys: none }, problems };

  const attempt = <T>(name: string, read: () => T): T | null => {
    try {
      return read();
    } catch (error) {
      problems.push(`${name} ${error instanceof Unusable ? error.message : 'cannot be read'}`);
      return null;
    }
  };
  const key = (role: Role): SigningKey | null => {
    const text = values[PRIVATE[role]];
    return text === undefined ? null : attempt(PRIVATE[role], () => signingKey(role, origin, text, readText));
  };
  const publicKey = (role: Role, own: SigningKey | null): string | null => {
    const text = values[PUBLIC[role]];
    const given =
      text === undefined ? null : attempt(PUBLIC[role], () => readPublicKey(origin, text, readText));
    const held = own?.kind === 'held' ? own.signer.vkey : null;
    if (held !== null && given !== null && held !== given) {
      problems.push(`${PUBLIC[role]} is not the public half of ${PRIVATE[role]}: correct it or leave it out`);
    }
    return held ?? given;
  };

  const keys = { bot: key('bot'), worker: key('worker') };
  const publicKeys = { bot: publicKey('bot', keys.bot), worker: publicKey('worker', keys.worker) };
  const [bot, worker] = ROLES.map((role) => publicKeys[role] ?? kmsIdOf(keys[role]));
  if (bot !== null && bot === worker)
    problems.push('The bot and the worker have the same key: each role needs its own');
  return { keys: { keys, publicKeys }, problems };
}

/** Its message completes a sentence that begins with whatever named the key. */
export class Unusable extends Error {}

const kmsIdOf = (key: SigningKey | null): string | null => (key?.kind === 'kms' ? key.keyId : null);

/** The key that a text names: the path of a PEM file, or one in KMS. Throws Unusable. */
export function signingKey(role: Role, origin: string, text: string, readText: ReadText): SigningKey {
  if (text.startsWith('-----BEGIN')) {
    throw new Unusable('holds a key itself: put the key into a file and give the path of that file');
  }
  const inKms = KMS.exec(text);
  if (inKms !== null) return { kind: 'kms', role, origin, keyId: text, region: inKms.groups?.['region'] };
  if (/^(?:arn:|alias\/)/.test(text)) {
    throw new Unusable(
      'looks like a KMS key and is none: give arn:aws:kms:REGION:ACCOUNT:key/ID, a key id, alias/NAME, or a path (./alias/… for a folder of that name)',
    );
  }
  const pem = fileText(text, readText);
  try {
    return { kind: 'held', signer: pemSigner(role, origin, pem), file: text };
  } catch {
    throw new Unusable(
      'must name an unencrypted Ed25519 private key in PEM form: openssl genpkey -algorithm ed25519 makes one',
    );
  }
}

function readPublicKey(origin: string, text: string, readText: ReadText): string {
  const pem = text.includes('+') ? undefined : fileText(text, readText);
  if (pem?.includes('PRIVATE KEY')) {
    throw new Unusable(
      'names a private key, which only its own role may hold: give its public half, as from openssl pkey -pubout',
    );
  }
  try {
    const vkey = pem === undefined ? parseVkey(text).text : vkeyOf(origin, createPublicKey(pem));
    if (parseVkey(vkey).name === origin) return vkey;
  } catch {
    throw new Unusable(
      'must be an Ed25519 public key: a verifier key (name+hash+base64) or the path of a PEM file',
    );
  }
  throw new Unusable('is the key of another deployment: its name must be that of BREAKGLASS_DEPLOYMENT');
}

function fileText(path: string, readText: ReadText): string {
  try {
    return readText(path);
  } catch {
    throw new Unusable('must name a readable file');
  }
}
