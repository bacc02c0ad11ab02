import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as x509 from '@peculiar/x509';

import { AcmCertificates } from '../../../src/aws/acm.ts';
import { AcmImportCertificates } from '../../../src/certificates/acm-import.ts';
import { createLocalCa } from '../../../src/certificates/create-local-ca.ts';
import { factsOf } from '../../../src/certificates/facts.ts';
import { generateKeyPair, keyAlgorithm, privateKeyPem } from '../../../src/certificates/key-pair.ts';
import type { AcmImport } from '../../../src/domain/workflow.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { createEdgePart, type EdgePart } from '../../../src/sandbox/edge/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { type AwsWorld, startAws, SYSTEM_CLOCK, TARGET } from '../aws/support.ts';

const DAY_SECONDS = 86_400;

let world: AwsWorld;
let certificates: AcmImportCertificates;
let rotation: AcmImport;
let imports: string[];
const imported = (awsRequest: string) => void imports.push(awsRequest);

beforeEach(async () => {
  world = await startAws();
  imports = [];
  certificates = certificatesAt(SYSTEM_CLOCK);
  rotation = {
    kind: 'acm-import',
    certificate: AWS_WORLD.certificate,
    issuer: {
      kind: 'local-ca',
      certificatePath: join(world.stateDir, 'ca', 'console-ca.pem'),
      keyPath: join(world.stateDir, 'ca', 'console-ca-key.pem'),
      validitySeconds: 90 * DAY_SECONDS,
    },
    probe: { host: '127.0.0.1', port: 0 },
    withinSeconds: 600,
  };
});
afterEach(() => world.end());

const certificatesAt = (clock: Clock) =>
  new AcmImportCertificates({ store: new AcmCertificates({ clients: world.clients }), clock });

const held = () => {
  const now = world.aws.heldCertificate(AWS_WORLD.certificate);
  if (now === undefined) throw new Error('ACM holds no certificate');
  return { leaf: new X509Certificate(now.certificate), issuer: new X509Certificate(now.chain), ...now };
};

describe('what the store holds', () => {
  test('is told apart by serial number and fingerprint', async () => {
    const facts = await certificates.current(TARGET, rotation);

    expect(facts).toEqual({
      serial: held().leaf.serialNumber.replace(/^0+/, ''),
      fingerprint: held().leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
      notAfter: Date.parse(held().leaf.validTo),
    });
  });

  test('is nothing for an unknown ARN', async () => {
    const unknown = { ...rotation, certificate: rotation.certificate.replace(/.$/, '0') };

    await expect(certificates.current(TARGET, unknown)).rejects.toMatchObject({
      name: 'CertificateError',
      code: 'no-such-certificate',
    });
  });
});

describe('replacing it', () => {
  test('puts another certificate with another key under the same ARN', async () => {
    const before = held();

    const facts = await certificates.replace(TARGET, rotation, imported);

    const after = held();
    expect(facts).toEqual(factsOf(after.leaf));
    expect(facts.serial).not.toBe(factsOf(before.leaf).serial);
    expect(after.leaf.publicKey.equals(before.leaf.publicKey)).toBe(false);
    expect(await certificates.current(TARGET, rotation)).toEqual(facts);
    expect(imports).toEqual((await world.calls('ImportCertificate')).map(({ requestId }) => requestId));
  });

  test('keeps subject, names, usages and the type of key; the CA vouches for it', async () => {
    const before = held();

    await certificates.replace(TARGET, rotation, imported);

    const { leaf, issuer } = held();
    expect(leaf.subject).toBe(before.leaf.subject);
    expect(leaf.subjectAltName).toBe(before.leaf.subjectAltName);
    expect(leaf.keyUsage).toEqual(before.leaf.keyUsage);
    expect(leaf.publicKey.asymmetricKeyDetails).toEqual(before.leaf.publicKey.asymmetricKeyDetails);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(issuer)).toBe(true);
    expect(leaf.verify(issuer.publicKey)).toBe(true);
    expect(Date.parse(leaf.validFrom)).toBeLessThan(Date.now());
    expect(Date.parse(leaf.validTo)).toBeLessThanOrEqual(Date.now() + 90 * DAY_SECONDS * 1_000);
  });

  test('never outlives its issuer', async () => {
    const issuer = { ...rotation.issuer, validitySeconds: 100 * 365 * DAY_SECONDS };

    await certificates.replace(TARGET, { ...rotation, issuer }, imported);

    expect(held().leaf.validTo).toBe(held().issuer.validTo);
  });

  test('gives a new serial number each time, positive and of 16 octets', async () => {
    const first = await certificates.replace(TARGET, rotation, imported);
    const second = await certificates.replace(TARGET, rotation, imported);

    expect(first.serial).not.toBe(second.serial);
    for (const { serial } of [first, second]) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  test('does not wait for its own when another window replaces it at the same moment', async () => {
    world.faults.set({ 'aws.latencyMs': 50 });

    const both = await Promise.all([
      certificates.replace(TARGET, rotation, imported),
      certificates.replace(TARGET, rotation, imported),
    ]);

    expect(both).toContainEqual(await certificates.current(TARGET, rotation));
    expect(await world.calls('ImportCertificate')).toHaveLength(2);
  }, 10_000);

  test('works with a CA of our own making', async () => {
    const issuer = await writeCa(await createLocalCa('Our console CA', Date.now() - 1_000));

    await certificates.replace(TARGET, { ...rotation, issuer }, imported);

    expect(held().leaf.issuer).toBe('CN=Our console CA');
    expect(held().leaf.verify(held().issuer.publicKey)).toBe(true);
    expect(held().leaf.validFrom).toBe(held().issuer.validFrom);
  });

  test('says so when the store refuses the import, without key material or a cause', async () => {
    world.faults.set({ 'aws.fail': { action: 'ImportCertificate', code: 'ValidationException', count: 1 } });

    const error = await certificates.replace(TARGET, rotation, imported).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ name: 'CertificateError', code: 'rejected' });
    expect((error as Error).cause).toBeUndefined();
    expect(String((error as Error).stack)).not.toContain('PRIVATE KEY');
  });

  test('imports once: a lost answer is left to whoever asked', async () => {
    world.faults.set({ 'aws.lose': { action: 'ImportCertificate', count: 1, reset: true } });

    await expect(certificates.replace(TARGET, rotation, imported)).rejects.toMatchObject({
      code: 'unreachable',
    });

    expect(await world.calls('ImportCertificate')).toHaveLength(1);
  });
});

describe('an issuer that does not work is named, and nothing is imported', () => {
  const failing = async (issuer: AcmImport['issuer'], clock = SYSTEM_CLOCK) => {
    const error = await certificatesAt(clock)
      .replace(TARGET, { ...rotation, issuer }, imported)
      .catch((thrown: unknown) => thrown);
    expect(await world.calls('ImportCertificate')).toEqual([]);
    return error;
  };

  test('a file that is missing', async () => {
    const error = await failing({ ...rotation.issuer, keyPath: join(world.stateDir, 'missing.pem') });

    expect(error).toMatchObject({ code: 'issuer-unusable', message: expect.stringContaining('missing.pem') });
  });

  test('a file that is no PEM; its content is not repeated', async () => {
    const ca = await createLocalCa('x', Date.now());
    const issuer = await writeCa({ ...ca, privateKey: 'hunter2' });

    const error = await failing(issuer);

    expect(error).toMatchObject({ code: 'issuer-unusable' });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hunter2');
  });

  test('a key of another CA', async () => {
    const [one, other] = [await createLocalCa('one', Date.now()), await createLocalCa('other', Date.now())];

    const error = await failing(await writeCa({ ...one, privateKey: other.privateKey }));

    expect(error).toMatchObject({
      code: 'issuer-unusable',
      message: expect.stringContaining('is not the key of'),
    });
  });

  test('a certificate that is no CA', async () => {
    const { certificate, privateKey } = held();

    const error = await failing(await writeCa({ certificate, privateKey }));

    expect(error).toMatchObject({ code: 'issuer-unusable', message: expect.stringContaining('is not a CA') });
  });

  test('a CA that may sign lists of revoked certificates, but no certificates', async () => {
    const keys = await generateKeyPair(keyAlgorithm('EC_prime256v1'));
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=lists only',
      notAfter: new Date(Date.now() + DAY_SECONDS * 1_000),
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.cRLSign, true),
      ],
    });
    const privateKey = await privateKeyPem(keys.privateKey);

    const error = await failing(await writeCa({ certificate: certificate.toString('pem'), privateKey }));

    expect(error).toMatchObject({
      code: 'issuer-unusable',
      message: expect.stringContaining('is not a CA'),
    });
  });

  test('a CA that is not valid yet', async () => {
    const tomorrow = await createLocalCa('tomorrow', Date.now() + DAY_SECONDS * 1_000);

    expect(await failing(await writeCa(tomorrow))).toMatchObject({
      code: 'issuer-unusable',
      message: expect.stringContaining('is not valid yet'),
    });
  });

  test('a CA that has expired', async () => {
    const later: Clock = { ...SYSTEM_CLOCK, now: () => Date.now() + 20 * 365 * DAY_SECONDS * 1_000 };

    expect(await failing(rotation.issuer, later)).toMatchObject({
      code: 'issuer-unusable',
      message: expect.stringContaining('has expired'),
    });
  });
});

describe('what the endpoint serves', () => {
  let edge: EdgePart;

  beforeEach(async () => {
    edge = await createEdgePart({
      stateDir: world.stateDir,
      faults: world.faults,
      emit: () => undefined,
      ports: 'ephemeral',
      aws: world.aws,
      probeEveryMs: 0,
    });
    const monitoring = edge.snapshot().vantages.find(({ name }) => name === 'monitoring');
    rotation = { ...rotation, probe: { host: '127.0.0.1', port: monitoring?.port ?? 0 } };
  });
  afterEach(() => edge.close());

  test('is seen in a handshake, before and after', async () => {
    const old = factsOf(held().leaf);
    const before = await certificates.served(rotation);

    const after = await certificates.replace(TARGET, rotation, imported);

    expect(before).toEqual(old);
    expect(await certificates.served(rotation)).toEqual(after);
  });

  test('is unreachable where nothing listens', async () => {
    const stranger = edge.snapshot().vantages.find(({ name }) => name === 'stranger');
    const closed = { ...rotation, probe: { host: '127.0.0.1', port: stranger?.port ?? 0 } };

    await expect(certificates.served(closed)).rejects.toMatchObject({
      name: 'CertificateError',
      code: 'unreachable',
    });
  });
});

async function writeCa(files: { certificate: string; privateKey: string }): Promise<AcmImport['issuer']> {
  const certificatePath = join(world.stateDir, 'our-ca.pem');
  const keyPath = join(world.stateDir, 'our-ca-key.pem');
  await Promise.all([writeFile(certificatePath, files.certificate), writeFile(keyPath, files.privateKey)]);
  return { kind: 'local-ca', certificatePath, keyPath, validitySeconds: 90 * DAY_SECONDS };
}
