import { randomUUID } from 'node:crypto';
import { AwsError } from '../error.ts';
import { jsonAnswer, jsonCodes, jsonError, jsonInput, type Json } from '../json-service.ts';
import type { AwsService, CallContext, Change, ParsedCall, RawCall } from '../service.ts';
import type { Certificates, HeldRecord } from './certificates.ts';
import { checkImport, checkReimport, refused } from './import-check.ts';

type Action = (input: Json, context: CallContext) => Promise<Json> | Json;

/** AWS Certificate Manager (JSON 1.1): imported certificates. */
export function createAcm(certificates: Certificates): AwsService {
  const actions: Readonly<Record<string, Action>> = {
    ImportCertificate: (input, context) => importCertificate(certificates, input, context),
    DescribeCertificate: (input) => ({ Certificate: detail(require(certificates, input)) }),
    GetCertificate: (input) => {
      const { certificate, chain } = require(certificates, input);
      return { Certificate: certificate, ...(chain !== '' && { CertificateChain: chain }) };
    },
    ListCertificates: () => ({ CertificateSummaryList: certificates.all().map(summary) }),
  };
  return {
    name: 'acm',
    codes: jsonCodes('InternalFailure'),
    parse(call: RawCall): ParsedCall {
      const action = (call.headers['x-amz-target'] ?? '').replace(/^CertificateManager\./, '');
      const run = actions[action];
      if (run === undefined) throw new AwsError('UnknownOperationException', `No action ${action}`, 400);
      const input = jsonInput(call);
      // The ARN alone: an import's other members are a private key and certificates.
      const certificateArn = input['CertificateArn'];
      const change = action === 'ImportCertificate' ? importChange(certificateArn) : undefined;
      return {
        action,
        input: { CertificateArn: certificateArn },
        ...(change && { change }),
        run: async (context) => {
          const content = await run(input, context);
          const responseElements = { certificateArn: content['CertificateArn'] };
          return { ...jsonAnswer(200, content), ...(change && { responseElements }) };
        },
      };
    },
    answerError: jsonError,
  };
}

function importChange(certificateArn: unknown): Change {
  const resources =
    typeof certificateArn === 'string' ? [{ type: 'AWS::ACM::Certificate', name: certificateArn }] : [];
  return { requestParameters: { certificateArn }, resources };
}

/** A new ARN, or with CertificateArn a re-import under the same one, whose associations stay. */
async function importCertificate(
  certificates: Certificates,
  input: Json,
  context: CallContext,
): Promise<Json> {
  const request = {
    certificate: blob(input, 'Certificate'),
    privateKey: blob(input, 'PrivateKey'),
    chain: blob(input, 'CertificateChain'),
  };
  const facts = checkImport(request, context.now);
  if (input['CertificateArn'] === undefined) {
    const arn = `arn:aws:acm:${context.region}:${context.account}:certificate/${randomUUID()}`;
    await certificates.put({ arn, ...request, createdAt: context.now, importedAt: context.now, inUseBy: [] });
    return { CertificateArn: arn };
  }
  const before = require(certificates, input);
  if (input['Tags'] !== undefined) throw refused('Tags cannot be given when a certificate is re-imported.');
  checkReimport(before.facts, facts);
  const { arn, createdAt, inUseBy } = before;
  await certificates.put({ arn, ...request, createdAt, importedAt: context.now, inUseBy });
  return { CertificateArn: arn };
}

function require(certificates: Certificates, input: Json): HeldRecord {
  const arn = input['CertificateArn'];
  if (typeof arn !== 'string' || !/^arn:aws:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+$/.test(arn)) {
    throw new AwsError('InvalidArnException', `${String(arn)} is not the ARN of a certificate`, 400);
  }
  const record = certificates.get(arn);
  if (record === undefined) {
    throw new AwsError('ResourceNotFoundException', `Could not find certificate ${arn}.`, 400);
  }
  return record;
}

function detail(record: HeldRecord): Json {
  const { facts } = record;
  return {
    CertificateArn: record.arn,
    DomainName: facts.domainName,
    SubjectAlternativeNames: facts.names,
    Serial: facts.serial,
    Subject: facts.subject,
    Issuer: facts.issuer,
    CreatedAt: record.createdAt / 1000,
    ImportedAt: record.importedAt / 1000,
    Status: 'ISSUED',
    NotBefore: facts.notBefore,
    NotAfter: facts.notAfter,
    KeyAlgorithm: facts.keyAlgorithm,
    InUseBy: record.inUseBy,
    Type: 'IMPORTED',
    RenewalEligibility: 'INELIGIBLE',
    Options: { CertificateTransparencyLoggingPreference: 'DISABLED' },
  };
}

function summary(record: HeldRecord): Json {
  const { facts } = record;
  return {
    CertificateArn: record.arn,
    DomainName: facts.domainName,
    SubjectAlternativeNameSummaries: facts.names,
    HasAdditionalSubjectAlternativeNames: false,
    Status: 'ISSUED',
    Type: 'IMPORTED',
    KeyAlgorithm: facts.keyAlgorithm,
    InUse: record.inUseBy.length > 0,
    RenewalEligibility: 'INELIGIBLE',
    NotBefore: facts.notBefore,
    NotAfter: facts.notAfter,
    CreatedAt: record.createdAt / 1000,
    ImportedAt: record.importedAt / 1000,
  };
}

function blob(input: Json, name: string): string {
  const value = input[name];
  if (value === undefined) {
    if (name === 'CertificateChain') return '';
    throw refused(`Value at '${name}' failed to satisfy constraint: Member must not be null`);
  }
  if (typeof value !== 'string') throw refused(`Value at '${name}' has to be a blob`);
  return Buffer.from(value, 'base64').toString('utf8');
}
