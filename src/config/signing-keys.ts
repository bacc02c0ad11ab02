import { createPublicKey } from 'node:crypto';
import { parseVkey, pemSigner, vkeyOf } from '../log/keys.ts';
import type { Role, Signer } from '../log/types.ts';
import type { ReadText } from './environment.ts';
import type { Values } from './variables.ts';

const PRIVATE = { bot: 'BREAKGLASS_BOT_KEY', worker: 'BREAKGLASS_WORKER_KEY' } as const;
const PUBLIC = { bot: 'BREAKGLASS_BOT_PUBLIC_KEY', worker: 'BREAKGLASS_WORKER_PUBLIC_KEY' } as const;

// AWS KMS key ids, ARNs and aliases: https://docs.aws.amazon.com/kms/latest/developerguide/find-cmk-id-arn.html
const KMS = /^(?:arn:[a-z-]+:kms:|alias\/|mrk-[0-9a-f]{32}$|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$)/;

export type SigningKeys = {
  readonly signers: Readonly<Record<Role, Signer | null>>;
  /** Verifier keys of both roles; null when one of them is not known here, and so no log can be created. */
  readonly logKeys: Readonly<Record<Role, string>> | null;
};

/** The keys that this process holds and knows. Key material goes into the signers and nowhere else. */
export function readSigningKeys(
  values: Values,
  readText: ReadText,
): { keys: SigningKeys; problems: string[] } {
  const problems: string[] = [];
  const origin = values.BREAKGLASS_DEPLOYMENT;
  const none: SigningKeys = { signers: { bot: null, worker: null }, logKeys: null };
  // Keys carry the deployment's name, and that it is missing or malformed has been said already.
  if (origin === undefined) return { keys: none, problems };

  const attempt = <T>(name: string, read: () => T): T | null => {
    try {
      return read();
    } catch (error) {
      problems.push(`${name} ${error instanceof Unusable ? error.message : 'cannot be read'}`);
      return null;
    }
  };
  const signer = (role: Role): Signer | null => {
    const path = values[PRIVATE[role]];
    return path === undefined ? null : attempt(PRIVATE[role], () => readSigner(role, origin, path, readText));
  };
  const publicKey = (role: Role, own: Signer | null): string | null => {
    const text = values[PUBLIC[role]];
    const given =
      text === undefined ? null : attempt(PUBLIC[role], () => readPublicKey(origin, text, readText));
    if (own !== null && given !== null && own.vkey !== given) {
      problems.push(`${PUBLIC[role]} is not the public half of ${PRIVATE[role]}: correct it or leave it out`);
    }
    return own?.vkey ?? given;
  };

  const signers = { bot: signer('bot'), worker: signer('worker') };
  const bot = publicKey('bot', signers.bot);
  const worker = publicKey('worker', signers.worker);
  if (bot !== null && bot === worker)
    problems.push('The bot and the worker have the same key: each role needs its own');
  return { keys: { signers, logKeys: bot !== null && worker !== null ? { bot, worker } : null }, problems };
}

/** Its message completes a sentence that begins with the variable's name. */
class Unusable extends Error {}

function readSigner(role: Role, origin: string, path: string, readText: ReadText): Signer {
  if (path.startsWith('-----BEGIN')) {
    throw new Unusable('holds a key itself: put the key into a file and give the path of that file');
  }
  if (KMS.test(path)) {
    throw new Unusable(
      'names a KMS key, which this version cannot sign with: give the path of an Ed25519 private key in PEM form',
    );
  }
  const pem = fileText(path, readText);
  try {
    return pemSigner(role, origin, pem);
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
