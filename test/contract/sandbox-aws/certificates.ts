import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

x509.cryptoProvider.set(webcrypto);

export interface Issue {
  readonly name?: string;
  readonly curve?: 'P-256' | 'P-384';
  readonly notAfter?: Date;
}

/** Issues as a customer's authority would: from the CA files that the sandbox leaves in its state folder. */
export async function issueFrom(stateDir: string, { name, curve = 'P-256', notAfter }: Issue = {}) {
  const [caPem, keyPem] = await Promise.all([
    readFile(join(stateDir, 'ca', 'console-ca.pem'), 'utf8'),
    readFile(join(stateDir, 'ca', 'console-ca-key.pem'), 'utf8'),
  ]);
  const ca = new x509.X509Certificate(caPem);
  const [keyDer = new ArrayBuffer(0)] = x509.PemConverter.decode(keyPem);
  const caAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const signingKey = await webcrypto.subtle.importKey('pkcs8', keyDer, caAlgorithm, false, ['sign']);
  const algorithm = { name: 'ECDSA', namedCurve: curve, hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const host = name ?? 'console.payments.example.com';
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '0a0b0c',
    subject: `CN=${host}`,
    issuer: ca.subject,
    notBefore: new Date(Date.now() - 7_200_000),
    notAfter: notAfter ?? new Date(Date.now() + 86_400_000),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: caAlgorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
  });
  const privateKey = x509.PemConverter.encode(
    await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  );
  return {
    Certificate: Buffer.from(certificate.toString('pem')),
    PrivateKey: Buffer.from(privateKey),
    CertificateChain: Buffer.from(caPem),
  };
}
