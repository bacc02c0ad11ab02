import {
  type ACMClient,
  DescribeCertificateCommand,
  GetCertificateCommand,
  ImportCertificateCommand,
  ListCertificatesCommand,
} from '@aws-sdk/client-acm';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { type Issue, issueFrom } from './certificates.ts';
import { LocalAws, errorName } from './local-aws.ts';

const CertificateArn = AWS_WORLD.certificate;

let aws: LocalAws;
let acm: ACMClient;

beforeEach(async () => {
  aws = await LocalAws.start();
  acm = aws.acm(await aws.asWorker());
});

afterEach(async () => {
  await aws[Symbol.asyncDispose]();
});

const describeIt = async () =>
  (await acm.send(new DescribeCertificateCommand({ CertificateArn }))).Certificate;

async function reimport(issue: Issue = {}, change: object = {}): Promise<string | undefined> {
  const material = await issueFrom(aws.stateDir, issue);
  return errorName(acm.send(new ImportCertificateCommand({ ...material, CertificateArn, ...change })));
}

test("the guarded service's certificate is there from the first start, in use, and issued by the local authority", async () => {
  const held = await describeIt();
  const { Certificate = '', CertificateChain = '' } = await acm.send(
    new GetCertificateCommand({ CertificateArn }),
  );
  const listed = await acm.send(new ListCertificatesCommand({}));

  expect(held).toMatchObject({
    CertificateArn,
    DomainName: 'console.payments.example.com',
    SubjectAlternativeNames: ['console.payments.example.com'],
    KeyAlgorithm: 'EC_prime256v1',
    Status: 'ISSUED',
    Type: 'IMPORTED',
    Issuer: 'Example Console CA',
  });
  expect(held?.InUseBy).toHaveLength(1);
  expect(held?.Serial).toMatch(/^[0-9a-f]{2}(:[0-9a-f]{2})+$/);
  expect(new X509Certificate(Certificate).verify(new X509Certificate(CertificateChain).publicKey)).toBe(true);
  expect(listed.CertificateSummaryList).toMatchObject([{ CertificateArn, InUse: true }]);
});

describe('a re-import', () => {
  test('keeps the ARN and its associations, and shows the new serial', async () => {
    const before = await describeIt();

    const failure = await reimport();
    const after = await describeIt();

    expect(failure).toBeUndefined();
    expect(after?.Serial).toBe('0a:0b:0c');
    expect(after?.Serial).not.toBe(before?.Serial);
    expect(after?.InUseBy).toEqual(before?.InUseBy);
    expect(after?.NotAfter?.getTime()).toBeLessThan(before?.NotAfter?.getTime() ?? 0);
    expect(aws.events.filter(({ type }) => type === 'aws.certificate')).toMatchObject([
      { data: { arn: CertificateArn, serial: '0a:0b:0c' } },
    ]);
  });

  test.each<[string, Issue, object]>([
    ['another key size', { curve: 'P-384' }, {}],
    ['none of the names it had', { name: 'other.example.com' }, {}],
    ['tags', {}, { Tags: [{ Key: 'a', Value: 'b' }] }],
    ['a certificate that has expired', { notAfter: new Date(Date.now() - 3_600_000) }, {}],
    ['a text that is no certificate', {}, { Certificate: Buffer.from('nonsense') }],
  ])('with %s is refused and changes nothing', async (_what, issue, change) => {
    const before = await describeIt();

    expect(await reimport(issue, change)).toBe('ValidationException');
    expect((await describeIt())?.Serial).toBe(before?.Serial);
  });

  test("with somebody else's key or a chain that did not issue it is refused", async () => {
    const [mine, other] = [await issueFrom(aws.stateDir), await issueFrom(aws.stateDir)];

    expect(await reimport({}, { ...mine, PrivateKey: other.PrivateKey })).toBe('ValidationException');
    expect(await reimport({}, { ...mine, CertificateChain: other.Certificate })).toBe('ValidationException');
    expect(await reimport({}, { ...mine, CertificateChain: undefined })).toBeUndefined();
  });
});

test('an import without an ARN is a new certificate that nothing uses', async () => {
  const material = await issueFrom(aws.stateDir, { name: 'other.example.com' });

  const { CertificateArn: arn } = await acm.send(new ImportCertificateCommand(material));
  const held = await acm.send(new DescribeCertificateCommand({ CertificateArn: arn }));

  expect(arn).not.toBe(CertificateArn);
  expect(held.Certificate).toMatchObject({ DomainName: 'other.example.com', InUseBy: [] });
});

test('an absent ARN and one that cannot be are told apart', async () => {
  const absent = CertificateArn.replace(/.$/, '0');
  const send = (arn: string) => errorName(acm.send(new DescribeCertificateCommand({ CertificateArn: arn })));

  expect(await send(absent)).toBe('ResourceNotFoundException');
  expect(await send('arn:aws:acm:nonsense')).toBe('InvalidArnException');
});

test('a caller without a role is refused', async () => {
  const bare = aws.acm(SANDBOX_CREDENTIALS.bot);

  expect(await errorName(bare.send(new DescribeCertificateCommand({ CertificateArn })))).toBe(
    'AccessDeniedException',
  );
});

test('private keys are in files of mode 0600 and in no list of calls', async () => {
  const material = await issueFrom(aws.stateDir);
  await acm.send(new ImportCertificateCommand({ ...material, CertificateArn }));

  const folder = join(aws.stateDir, 'aws', 'certificates');
  const files = [
    ...(await readdir(folder)).map((name) => join(folder, name)),
    join(aws.stateDir, 'ca', 'console-ca-key.pem'),
  ];
  const { calls } = await aws.control<{ calls: unknown[] }>('calls');

  for (const file of files) expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(calls).toContainEqual(
    expect.objectContaining({ action: 'ImportCertificate', input: { CertificateArn } }),
  );
  expect(JSON.stringify([calls, aws.part.snapshot(), aws.events])).not.toContain('PRIVATE');
});

test('an imported certificate is still there after a restart, and the seeded one after a reset', async () => {
  await reimport();

  await aws.restart();
  const afterRestart = (await describeIt())?.Serial;
  await aws.part.reset();

  expect(afterRestart).toBe('0a:0b:0c');
  expect((await describeIt())?.Serial).not.toBe('0a:0b:0c');
});
