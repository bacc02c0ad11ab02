import 'reflect-metadata';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { createLocalCa } from '../../../src/certificates/create-local-ca.ts';
import { plainSerial } from '../../../src/certificates/facts.ts';
import { generateKeyPair, keyAlgorithm, privateKeyPem } from '../../../src/certificates/key-pair.ts';
import { issueLike } from '../../../src/certificates/local-ca.ts';
import type { LocalCa } from '../../../src/domain/workflow.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const { ExtendedKeyUsage, KeyUsageFlags } = x509;

let folder: string;
let issuer: LocalCa;
let current: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bg-ca-'));
  issuer = await write('ec', await createLocalCa('Console CA, "quoted" + ünusual', NOW - 3_600_000));
  current = await anExistingCertificate();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, ca: { certificate: string; privateKey: string }): Promise<LocalCa> {
  const [certificatePath, keyPath] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)];
  await Promise.all([writeFile(certificatePath, ca.certificate), writeFile(keyPath, ca.privateKey)]);
  return { kind: 'local-ca', certificatePath, keyPath, validitySeconds: 86_400 };
}

/** With everything that has to survive: several names, usages, a subject of several parts. */
async function anExistingCertificate(): Promise<string> {
  const keys = await generateKeyPair(keyAlgorithm('EC_prime256v1'));
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=console.example.com, O=Example Payments, C=FR',
    notBefore: new Date(NOW - 1_000),
    notAfter: new Date(NOW + 1_000),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    keys,
    extensions: [
      new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'console.example.com' },
        { type: 'dns', value: '*.console.example.com' },
        { type: 'ip', value: '10.20.0.5' },
      ]),
    ],
  });
  return certificate.toString('pem');
}

describe('a certificate like the current one', () => {
  test.each([
    ['EC_prime256v1', 'ec', { namedCurve: 'prime256v1' }],
    ['EC_secp384r1', 'ec', { namedCurve: 'secp384r1' }],
    ['EC_secp521r1', 'ec', { namedCurve: 'secp521r1' }],
    ['RSA_2048', 'rsa', { modulusLength: 2_048, publicExponent: 65_537n }],
    ['RSA-2048', 'rsa', { modulusLength: 2_048, publicExponent: 65_537n }],
    ['RSA_3072', 'rsa', { modulusLength: 3_072, publicExponent: 65_537n }],
  ])(
    'has a key of the type %s and its private half',
    async (name, type, details) => {
      const issued = await issueLike(current, keyAlgorithm(name), issuer, NOW);

      const leaf = new X509Certificate(issued.certificate);
      expect(leaf.publicKey.asymmetricKeyType).toBe(type);
      expect(leaf.publicKey.asymmetricKeyDetails).toEqual(details);
      expect(leaf.checkPrivateKey(createPrivateKey(issued.privateKey))).toBe(true);
    },
    30_000,
  );

  test('has the same subject, names and usages, and says who issued it', async () => {
    const issued = await issueLike(current, keyAlgorithm('EC_prime256v1'), issuer, NOW);

    const [leaf, before, ca] = [issued.certificate, current, issued.chain].map(
      (pem) => new x509.X509Certificate(pem),
    );
    const value = (certificate: typeof leaf, type: string) =>
      Buffer.from(certificate!.getExtension(type)!.value).toString('hex');
    expect(leaf!.subject).toBe(before!.subject);
    for (const type of ['2.5.29.15', '2.5.29.17', '2.5.29.37'])
      expect(value(leaf, type)).toBe(value(before, type));
    expect(leaf!.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId).toBe(
      ca!.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId,
    );
    expect(leaf!.issuer).toBe(ca!.subject);
    expect(leaf!.notBefore.getTime()).toBe(NOW - 5 * 60_000);
    expect(leaf!.notAfter.getTime()).toBe(NOW + 86_400_000);
  });

  test.each(['RSA_2048', 'EC_secp384r1', 'EC_secp521r1'])(
    'is signed well by a CA with a key of the type %s',
    async (name) => {
      const ca = await write(name, await aCaWithKey(name));

      const issued = await issueLike(current, keyAlgorithm('EC_prime256v1'), ca, NOW);

      const [leaf, authority] = [new X509Certificate(issued.certificate), new X509Certificate(issued.chain)];
      expect(leaf.checkIssued(authority)).toBe(true);
      expect(leaf.verify(authority.publicKey)).toBe(true);
    },
    30_000,
  );
});

async function aCaWithKey(name: string): Promise<{ certificate: string; privateKey: string }> {
  const keys = await generateKeyPair(keyAlgorithm(name));
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '02',
    name: 'CN=Another CA',
    notBefore: new Date(NOW - 1_000),
    notAfter: new Date(NOW + 86_400_000),
    signingAlgorithm: { ...keys.privateKey.algorithm, hash: 'SHA-256' },
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return { certificate: certificate.toString('pem'), privateKey: await privateKeyPem(keys.privateKey) };
}

test('an unknown type of key is refused before anything is made', () => {
  expect(() => keyAlgorithm('RSA_1024')).toThrow('RSA_1024');
});

test.each([
  ['00:0a:B1', 'AB1'],
  ['0AB1', 'AB1'],
  ['00', '0'],
  ['7f', '7F'],
])('the serial number %s is written %s everywhere', (text, plain) => {
  expect(plainSerial(text)).toBe(plain);
});
