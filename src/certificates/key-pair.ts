import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto';

import { CertificateError } from '../ports/certificates.ts';

export type KeyAlgorithm = webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams;

const ec = (namedCurve: string): webcrypto.EcKeyGenParams => ({ name: 'ECDSA', namedCurve });
const rsa = (modulusLength: number): webcrypto.RsaHashedKeyGenParams => ({
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
});

/** ACM's names (DescribeCertificate, KeyAlgorithm) of what it takes for import and what is still worth making. */
const ALGORITHMS: Readonly<Record<string, KeyAlgorithm>> = {
  EC_prime256v1: ec('P-256'),
  EC_secp384r1: ec('P-384'),
  EC_secp521r1: ec('P-521'),
  RSA_2048: rsa(2_048),
  RSA_3072: rsa(3_072),
  RSA_4096: rsa(4_096),
};

/** ACM spells RSA algorithms with `_` in its API model and with `-` in some answers. */
export function keyAlgorithm(acmName: string): KeyAlgorithm {
  const algorithm = ALGORITHMS[acmName.replace('-', '_')];
  if (algorithm === undefined) {
    const known = Object.keys(ALGORITHMS).join(', ');
    throw new CertificateError(
      'rejected',
      `no new key can be made of the type "${acmName}", only of ${known}`,
    );
  }
  return algorithm;
}

export function generateKeyPair(algorithm: KeyAlgorithm): Promise<webcrypto.CryptoKeyPair> {
  // Extractable: the certificate store takes the key as PEM.
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** Unencrypted PKCS#8 PEM, the form ImportCertificate takes. */
export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  }) as string;
}

const CURVES: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};

export type SigningKey = { readonly key: webcrypto.CryptoKey; readonly algorithm: webcrypto.EcdsaParams };

/** A private key as an issuer signs with it: hash to match the curve (RFC 5758), PKCS#1 v1.5 with SHA-256 for RSA. */
export async function signingKey(privateKey: KeyObject): Promise<SigningKey | undefined> {
  const curve = CURVES[privateKey.asymmetricKeyDetails?.namedCurve ?? ''];
  const algorithm =
    curve === undefined ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } : { name: 'ECDSA', ...curve };
  if (curve === undefined && privateKey.asymmetricKeyType !== 'rsa') return undefined;
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const key = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
  return { key, algorithm: { name: algorithm.name, hash: algorithm.hash } };
}
