import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { randomBytes, webcrypto } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** A little in the past, so that a client whose clock is behind accepts it. */
const BACKDATE_MS = 3_600_000;

export interface IssuedCertificate {
  readonly certificate: string;
  readonly chain: string;
  readonly privateKey: string;
}

/**
 * The organisation's own certificate authority. Its files are `console-ca.pem` and `console-ca-key.pem` (mode 0600) in
 * the folder, made at the first start and kept for good: whoever issues from them goes on working over a reset.
 */
export class Authority {
  readonly #certificate: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;

  private constructor(certificate: x509.X509Certificate, key: webcrypto.CryptoKey) {
    this.#certificate = certificate;
    this.#key = key;
  }

  static async load(folder: string, now: number): Promise<Authority> {
    const certificatePath = join(folder, 'console-ca.pem');
    const keyPath = join(folder, 'console-ca-key.pem');
    try {
      const [certificate, key] = await Promise.all([
        readFile(certificatePath, 'utf8'),
        readFile(keyPath, 'utf8'),
      ]);
      return new Authority(new x509.X509Certificate(certificate), await importKey(key));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: 'CN=Example Console CA, O=Example Payments',
      notBefore: new Date(now - BACKDATE_MS),
      notAfter: new Date(now + 3650 * DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    await mkdir(folder, { recursive: true });
    await writeFile(keyPath, await exportKey(keys.privateKey), { mode: 0o600 });
    await writeFile(certificatePath, `${certificate.toString('pem')}\n`);
    return new Authority(certificate, keys.privateKey);
  }

  /** A server certificate for one name, with a new P-256 key. */
  async issue(name: string, now: number): Promise<IssuedCertificate> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: `CN=${name}`,
      issuer: this.#certificate.subject,
      notBefore: new Date(now - BACKDATE_MS),
      notAfter: new Date(now + 90 * DAY_MS),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate),
      ],
    });
    return {
      certificate: `${certificate.toString('pem')}\n`,
      chain: `${this.#certificate.toString('pem')}\n`,
      privateKey: await exportKey(keys.privateKey),
    };
  }
}

/** Positive, 16 octets. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString('hex');
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const [der] = x509.PemConverter.decode(pem);
  if (der === undefined) throw new Error('console-ca-key.pem holds no key');
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
}
