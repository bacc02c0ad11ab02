import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

import type { EpochMs } from '../domain/time.ts';
import { generateKeyPair, keyAlgorithm, privateKeyPem } from './key-pair.ts';
import { randomSerial } from './local-ca.ts';

const YEAR_MS = 365 * 86_400_000;

/** A new P-256 CA for ten years, PEM: the two files that an issuer of kind `local-ca` names. It signs leaves only. */
export async function createLocalCa(
  commonName: string,
  now: EpochMs,
): Promise<{ readonly certificate: string; readonly privateKey: string }> {
  const keys = await generateKeyPair(keyAlgorithm('EC_prime256v1'));
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now),
    notAfter: new Date(now + 10 * YEAR_MS),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: `${certificate.toString('pem')}\n`,
    privateKey: await privateKeyPem(keys.privateKey),
  };
}
