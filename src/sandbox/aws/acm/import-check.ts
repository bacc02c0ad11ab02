import { X509Certificate, createPrivateKey } from 'node:crypto';
import { AwsError } from '../error.ts';
import { type CertificateFacts, factsOf } from './certificate-facts.ts';

/** ACM user guide, "Prerequisites for importing": what an import may be. */
const KEY_ALGORITHMS = [
  'RSA_1024',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'EC_prime256v1',
  'EC_secp384r1',
  'EC_secp521r1',
];

export interface ImportRequest {
  readonly certificate: string;
  readonly privateKey: string;
  readonly chain: string;
}

/** Checks one import by itself. Throws ValidationException. */
export function checkImport(request: ImportRequest, now: number): CertificateFacts {
  const leaf = parse(request.certificate, 'certificate');
  if (pemBlocks(request.certificate).length !== 1) {
    throw refused('The certificate field contains more than one certificate.');
  }
  const facts = factsOf(request.certificate);
  if (!KEY_ALGORITHMS.includes(facts.keyAlgorithm)) {
    throw refused(`The key algorithm ${facts.keyAlgorithm} is not supported.`);
  }
  if (facts.notBefore * 1000 > now || facts.notAfter * 1000 <= now) {
    throw refused('The certificate is not valid at this time.');
  }
  checkKey(leaf, request.privateKey);
  checkChain(leaf, request.chain);
  return facts;
}

/** What a re-import may not change. Throws ValidationException. */
export function checkReimport(before: CertificateFacts, after: CertificateFacts): void {
  if (before.keyAlgorithm !== after.keyAlgorithm) {
    throw refused(
      `The key type and size cannot change: ${before.keyAlgorithm} is imported, not ${after.keyAlgorithm}.`,
    );
  }
  if (!after.names.some((name) => before.names.includes(name))) {
    throw refused('A re-imported certificate must keep at least one domain name.');
  }
}

function checkKey(leaf: X509Certificate, pem: string): void {
  if (/ENCRYPTED/.test(pem)) throw refused('The private key must not be encrypted.');
  let matches: boolean;
  try {
    matches = leaf.checkPrivateKey(createPrivateKey(pem));
  } catch {
    throw refused('The private key field does not hold a PEM-encoded private key.');
  }
  if (!matches) throw refused("The certificate's public key doesn't match the private key.");
}

/** Each certificate is signed by the next one; the leaf itself is not part of the chain. */
function checkChain(leaf: X509Certificate, pem: string): void {
  if (pem.trim() === '') return;
  const blocks = pemBlocks(pem);
  if (blocks.length === 0) throw refused('The certificate chain is not PEM-encoded.');
  let subject = leaf;
  for (const block of blocks) {
    const issuer = parse(block, 'certificate chain');
    if (issuer.fingerprint256 === leaf.fingerprint256)
      throw refused('The certificate chain contains the certificate.');
    if (!subject.checkIssued(issuer) || !subject.verify(issuer.publicKey)) {
      throw refused('Could not validate the certificate with the certificate chain.');
    }
    subject = issuer;
  }
}

function pemBlocks(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}

function parse(pem: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw refused(`The ${what} field does not hold a PEM-encoded X.509 certificate.`);
  }
}

export function refused(message: string): AwsError {
  return new AwsError('ValidationException', message, 400);
}
