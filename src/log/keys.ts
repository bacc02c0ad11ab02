import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import { LogError } from './errors.ts';
import type { Role, Signer } from './types.ts';

/** c2sp.org/signed-note signature type of Ed25519. */
const ED25519 = 0x01;
// A '+' in the base64 part belongs to it; a name has neither plus, Unicode space nor control character.
const VKEY = /^(?<name>[^\p{White_Space}\p{Cc}+]{1,200})\+(?<keyId>[0-9a-f]{8})\+(?<key>[A-Za-z0-9+/]{44})$/u;

/** A verifier key, taken apart. */
export interface Vkey {
  readonly text: string;
  readonly name: string;
  /** 8 lower-case hex digits: first 4 bytes of SHA-256(name || 0x0A || 0x01 || public key). */
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

/** May be a log's origin and its keys' name: c2sp.org/signed-note (not empty, no Unicode space, no plus), and not endless. */
export const isOrigin = (name: string): boolean => /^[^\p{White_Space}\p{Cc}+]{1,200}$/u.test(name);

/** The C2SP verifier key `name+hash+base64(0x01 || public key)` of an Ed25519 key, private or public. */
export function vkeyOf(origin: string, key: KeyObject): string {
  if (!isOrigin(origin))
    throw new LogError('malformed', 'the origin must be 1 to 200 characters without spaces and plus signs');
  const raw = Buffer.from(createPublicJwk(key).x, 'base64url');
  return `${origin}+${keyIdOf(origin, raw)}+${Buffer.concat([Buffer.of(ED25519), raw]).toString('base64')}`;
}

/** LogError `malformed` when it is not the verifier key of an Ed25519 key under its own name. */
export function parseVkey(text: string): Vkey {
  const { name, keyId, key } = VKEY.exec(text)?.groups ?? {};
  if (name !== undefined && keyId !== undefined && key !== undefined) {
    const bytes = Buffer.from(key, 'base64');
    const raw = bytes.subarray(1);
    if (bytes.length === 33 && bytes[0] === ED25519 && keyIdOf(name, raw) === keyId) {
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') };
      return { text, name, keyId, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) };
    }
  }
  throw new LogError('malformed', 'not a verifier key name+hash+base64 of an Ed25519 key');
}

/** Whether the key signed exactly this text. */
export const verifies = (key: Vkey, text: string, signature: Uint8Array): boolean =>
  verify(null, Buffer.from(text), key.publicKey, signature);

/** The same, on another thread. */
export const verifiesElsewhere = (key: Vkey, text: string, signature: Uint8Array): Promise<boolean> =>
  verifyElsewhere(null, Buffer.from(text), key.publicKey, signature);

const verifyElsewhere = promisify(verify);

/** A new Ed25519 private key, PKCS#8 PEM. */
export const generateKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Signs with an Ed25519 private key from its PKCS#8 PEM text. LogError `malformed` for anything else. */
export function pemSigner(role: Role, origin: string, pem: string): Signer {
  const key = privateKey(pem);
  return { role, vkey: vkeyOf(origin, key), sign: async (message) => sign(null, message, key) };
}

function privateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new LogError('malformed', 'the signing key is not a private key in PEM form', { cause });
  }
}

function createPublicJwk(key: KeyObject): { x: string } {
  const { kty, crv, x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  if (kty !== 'OKP' || crv !== 'Ed25519' || x === undefined) {
    throw new LogError('malformed', 'the signing key is not an Ed25519 key');
  }
  return { x };
}

const keyIdOf = (name: string, raw: Uint8Array): string =>
  hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), raw]), 'hex').slice(0, 8);
