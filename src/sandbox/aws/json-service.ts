import type { AwsError } from './error.ts';
import type { AwsAnswer, RawCall, ServiceCodes } from './service.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Error codes that services of the AWS JSON 1.1 protocol share; only the name of an internal failure differs. */
export const jsonCodes = (internal: string): ServiceCodes => ({
  accessDenied: { code: 'AccessDeniedException', status: 400 },
  unknownKey: { code: 'UnrecognizedClientException', status: 400 },
  expiredToken: { code: 'ExpiredTokenException', status: 400 },
  skewed: { code: 'InvalidSignatureException', status: 400 },
  throttled: { code: 'ThrottlingException', status: 400 },
  internal: { code: internal, status: 500 },
});

export const jsonInput = (call: RawCall): Json => JSON.parse(call.body.toString('utf8') || '{}') as Json;

export const jsonAnswer = (status: number, body: Json): AwsAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(body),
});

export const jsonError = (error: AwsError): AwsAnswer =>
  jsonAnswer(error.status, { __type: error.code, message: error.message });
