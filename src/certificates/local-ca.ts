import 'reflect-metadata';
import { createPrivateKey, randomBytes, X509Certificate, type webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import * as x509 from '@peculiar/x509';

import type { EpochMs } from '../domain/time.ts';
import type { LocalCa } from '../domain/workflow.ts';
import { CertificateError } from '../ports/certificates.ts';
import {
  generateKeyPair,
  type KeyAlgorithm,
  privateKeyPem,
  signingKey,
  type SigningKey,
} from './key-pair.ts';
import type { KeyedCertificate } from './store.ts';

/** Clients whose clock is a little behind accept it as well. */
const BACKDATE_MS = 5 * 60_000;

/** What a certificate is good for is copied from the one it replaces: names, key usages. */
const COPIED_EXTENSIONS: ReadonlySet<string> = new Set([
  '2.5.29.15', // key usage
  '2.5.29.17', // subject alternative names
  '2.5.29.37', // extended key usage
]);

type Authority = {
  readonly certificate: x509.X509Certificate;
  readonly chain: string;
  readonly signing: SigningKey;
};

/**
 * A certificate for the same subject, names and usages as `current` (PEM), with a new key pair of the given type, signed
 * by the workflow's CA. CertificateError `issuer-unusable` when the CA's files do not work.
 */
export async function issueLike(
  current: string,
  algorithm: KeyAlgorithm,
  issuer: LocalCa,
  now: EpochMs,
): Promise<KeyedCertificate> {
  const authority = await load(issuer, now);
  const { notBefore, notAfter } = authority.certificate;
  const keys = await generateKeyPair(algorithm);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: new x509.X509Certificate(current).subjectName,
    issuer: authority.certificate.subjectName,
    // Within its issuer's validity on both sides: not everybody accepts one that reaches beyond it.
    notBefore: new Date(Math.max(now - BACKDATE_MS, notBefore.getTime())),
    notAfter: new Date(Math.min(now + issuer.validitySeconds * 1_000, notAfter.getTime())),
    signingAlgorithm: authority.signing.algorithm,
    publicKey: keys.publicKey,
    signingKey: authority.signing.key,
    extensions: await extensions(current, keys.publicKey, authority),
  });
  return {
    certificate: `${certificate.toString('pem')}\n`,
    chain: authority.chain,
    privateKey: await privateKeyPem(keys.privateKey),
  };
}

async function extensions(
  current: string,
  publicKey: webcrypto.CryptoKey,
  { certificate: issuer }: Authority,
): Promise<x509.Extension[]> {
  const copied = new x509.X509Certificate(current).extensions.filter(({ type }) =>
    COPIED_EXTENSIONS.has(type),
  );
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    ...copied.map(({ type, critical, value }) => new x509.Extension(type, critical, value)),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
    await authorityKey(issuer),
  ];
}

/** The identifier that the issuer states of itself (RFC 5280 4.2.1.1); computed only where it states none. */
async function authorityKey(issuer: x509.X509Certificate): Promise<x509.Extension> {
  const stated = issuer.getExtension(x509.SubjectKeyIdentifierExtension);
  return stated === null
    ? x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey)
    : new x509.AuthorityKeyIdentifierExtension(stated.keyId);
}

async function load({ certificatePath, keyPath }: LocalCa, now: EpochMs): Promise<Authority> {
  const chain = await readPem(certificatePath);
  const key = parse(keyPath, createPrivateKey, await readPem(keyPath));
  const certificate = parse(certificatePath, (pem) => new X509Certificate(pem), chain);
  // False as well where key usages are stated and keyCertSign is not one of them (OpenSSL, X509_check_ca).
  if (!certificate.ca) throw unusable(`${certificatePath} is not a CA certificate`);
  if (!certificate.checkPrivateKey(key)) throw unusable(`${keyPath} is not the key of ${certificatePath}`);
  if (Date.parse(certificate.validTo) <= now) throw unusable(`${certificatePath} has expired`);
  if (Date.parse(certificate.validFrom) > now) throw unusable(`${certificatePath} is not valid yet`);
  const signing = await signingKey(key);
  if (signing === undefined) throw unusable(`${keyPath} must be an EC (P-256, P-384, P-521) or RSA key`);
  return { certificate: new x509.X509Certificate(certificate.raw), chain, signing };
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unusable(`${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

/** Without the parser's own error: it may quote what it was given. */
function parse<T>(path: string, parser: (pem: string) => T, pem: string): T {
  try {
    return parser(pem);
  } catch {
    throw unusable(`${path} is not an unencrypted PEM file of the expected kind`);
  }
}

const unusable = (problem: string): CertificateError => new CertificateError('issuer-unusable', problem);

/** 16 random octets, positive (RFC 5280 4.1.2.2: at most 20 octets). */
export function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
