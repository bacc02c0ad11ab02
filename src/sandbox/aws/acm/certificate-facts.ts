import { X509Certificate } from 'node:crypto';

/** What ACM reports of a certificate, in its own notation. */
export interface CertificateFacts {
  /** Lower-case octets separated by colons. */
  readonly serial: string;
  /** SHA-256 of the DER, upper-case octets separated by colons. */
  readonly fingerprint: string;
  readonly subject: string;
  /** Common name of the issuer, as ACM shows it for an import. */
  readonly issuer: string;
  readonly domainName: string;
  readonly names: readonly string[];
  /** `EC_prime256v1`, `RSA_2048`, … */
  readonly keyAlgorithm: string;
  /** Epoch seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export function factsOf(pem: string): CertificateFacts {
  const certificate = new X509Certificate(pem);
  const names = (certificate.subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length));
  const commonName = field(certificate.subject, 'CN');
  return {
    serial: colonSerial(certificate.serialNumber),
    fingerprint: certificate.fingerprint256,
    subject: certificate.subject.split('\n').join(', '),
    issuer: field(certificate.issuer, 'CN') ?? certificate.issuer,
    domainName: commonName ?? names[0] ?? '',
    names: names.length > 0 ? names : commonName === undefined ? [] : [commonName],
    keyAlgorithm: keyAlgorithmOf(certificate),
    notBefore: Math.floor(Date.parse(certificate.validFrom) / 1000),
    notAfter: Math.floor(Date.parse(certificate.validTo) / 1000),
  };
}

/** `0AB1` to `0a:b1`. */
export function colonSerial(hex: string): string {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return (even.toLowerCase().match(/../g) ?? []).join(':');
}

function keyAlgorithmOf(certificate: X509Certificate): string {
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  if (asymmetricKeyType === 'rsa') return `RSA_${asymmetricKeyDetails?.modulusLength}`;
  if (asymmetricKeyType === 'ec') return `EC_${asymmetricKeyDetails?.namedCurve}`;
  return asymmetricKeyType ?? 'unknown';
}

function field(distinguishedName: string, name: string): string | undefined {
  return distinguishedName
    .split('\n')
    .find((line) => line.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}
