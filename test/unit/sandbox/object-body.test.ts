import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readObjectBody } from '../../../src/sandbox/aws/s3/body.ts';
import type { RawCall } from '../../../src/sandbox/aws/service.ts';

const CHUNKED = {
  'content-encoding': 'aws-chunked',
  'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'x-amz-trailer': 'x-amz-checksum-crc32',
};

function put(body: string, headers: Record<string, string> = {}): RawCall {
  return {
    method: 'PUT',
    path: '/bucket/key',
    query: new URLSearchParams(),
    headers,
    body: Buffer.from(body),
  };
}

/** The code of the error, or undefined. */
function refusal(call: RawCall): unknown {
  try {
    readObjectBody(call);
    return undefined;
  } catch (error) {
    return (error as { code: unknown }).code;
  }
}

describe('a plain body', () => {
  test('is taken as it is, and counts as unchecked without a checksum', () => {
    const { bytes, checked } = readObjectBody(put('hello'));

    expect([bytes.toString(), checked]).toEqual(['hello', false]);
  });

  test.each([
    ['x-amz-checksum-sha256', createHash('sha256').update('hello').digest('base64')],
    ['x-amz-checksum-sha1', createHash('sha1').update('hello').digest('base64')],
    ['x-amz-checksum-crc32', 'NhCmhg=='],
    ['content-md5', createHash('md5').update('hello').digest('base64')],
  ])('is checked against %s', (header, value) => {
    expect(readObjectBody(put('hello', { [header]: value })).checked).toBe(true);
    expect(refusal(put('hellO', { [header]: value }))).toBe('BadDigest');
  });

  test('is checked against the hash that was signed', () => {
    const hash = createHash('sha256').update('hello').digest('hex');

    expect(refusal(put('hello', { 'x-amz-content-sha256': hash }))).toBeUndefined();
    expect(refusal(put('hellO', { 'x-amz-content-sha256': hash }))).toBe('XAmzContentSHA256Mismatch');
  });

  test('with a checksum that is not played here is refused, not waved through', () => {
    expect(refusal(put('hello', { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }))).toBe('NotImplemented');
  });
});

describe('an aws-chunked body', () => {
  const trailer = (value: string) => `x-amz-checksum-crc32:${value}\r\n\r\n`;

  test('is put together, and its trailing checksum verified', () => {
    const body = `3;chunk-signature=abc\r\nhel\r\n2\r\nlo\r\n0\r\n`;

    const { bytes, checksums, checked } = readObjectBody(put(body + trailer('NhCmhg=='), CHUNKED));

    expect([bytes.toString(), checksums, checked]).toEqual(['hello', { crc32: 'NhCmhg==' }, true]);
    expect(refusal(put(body + trailer('AAAAAA=='), CHUNKED))).toBe('BadDigest');
  });

  test.each([
    ['ends before its last chunk', '5\r\nhello\r\n', 'IncompleteBody'],
    ['has a chunk shorter than it says', '9\r\nhello\r\n0\r\n\r\n', 'IncompleteBody'],
    ['has a length that is no number', 'zz\r\nhello\r\n0\r\n\r\n', 'InvalidRequest'],
  ])('that %s is refused', (_what, body, code) => {
    expect(refusal(put(body, CHUNKED))).toBe(code);
  });
});
