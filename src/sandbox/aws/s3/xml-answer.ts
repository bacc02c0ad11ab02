import type { AwsAnswer } from '../service.ts';

export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function xmlAnswer(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): AwsAnswer {
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body };
}
