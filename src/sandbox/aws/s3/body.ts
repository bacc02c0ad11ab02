import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../error.ts';
import type { RawCall } from '../service.ts';

/** Checksums by header name without `x-amz-checksum-`; base64, as the headers carry them. */
export type Checksums = Readonly<Record<string, string>>;

export interface ObjectBody {
  readonly bytes: Buffer;
  /** The checksum that the client sent and that was found right. */
  readonly checksums: Checksums;
  /** Whether the request carried any integrity check, which Object Lock demands. */
  readonly checked: boolean;
}

const ALGORITHMS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  sha1: (bytes) => createHash('sha1').update(bytes).digest(),
  md5: (bytes) => createHash('md5').update(bytes).digest(),
  crc32: (bytes) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(bytes));
    return sum;
  },
};

/**
 * The object in a PutObject request: unwraps `aws-chunked` bodies with their trailing checksum and verifies every
 * checksum that was sent. Throws BadDigest, InvalidDigest or XAmzContentSHA256Mismatch.
 */
export function readObjectBody(call: RawCall): ObjectBody {
  const { bytes, trailers } = unwrap(call);
  const sent = { ...call.headers, ...trailers };
  const checksums: Record<string, string> = {};
  for (const [header, value] of Object.entries(sent)) {
    const algorithm = /^x-amz-checksum-(.+)$/.exec(header)?.[1];
    if (algorithm === undefined || algorithm === 'type' || algorithm === 'mode' || value === undefined)
      continue;
    checksums[algorithm] = verify(algorithm, value, bytes);
  }
  const md5 = call.headers['content-md5'];
  if (md5 !== undefined) verify('md5', md5, bytes);
  const contentHash = call.headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  if (
    /^[0-9a-f]{64}$/.test(contentHash) &&
    createHash('sha256').update(call.body).digest('hex') !== contentHash
  ) {
    throw new AwsError(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  return { bytes, checksums, checked: md5 !== undefined || Object.keys(checksums).length > 0 };
}

function verify(algorithm: string, value: string, bytes: Buffer): string {
  const compute = ALGORITHMS[algorithm];
  if (compute === undefined) {
    throw new AwsError(
      'NotImplemented',
      `The checksum ${algorithm} is not played here: use SHA256 or CRC32`,
      501,
    );
  }
  const computed = compute(bytes).toString('base64');
  if (computed !== value) {
    const name = algorithm === 'md5' ? 'Content-MD5' : algorithm.toUpperCase();
    throw new AwsError('BadDigest', `The ${name} you specified did not match the calculated checksum.`);
  }
  return computed;
}

/** SigV4 streaming: `<hex length>[;extensions]\r\n<data>\r\n`, an empty chunk, then trailing headers. */
function unwrap(call: RawCall): { bytes: Buffer; trailers: Record<string, string> } {
  const chunked = /aws-chunked/.test(call.headers['content-encoding'] ?? '');
  const streaming = (call.headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
  if (!chunked && !streaming) return { bytes: call.body, trailers: {} };
  const chunks: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const end = call.body.indexOf('\r\n', offset);
    if (end < 0) throw new AwsError('IncompleteBody', 'The request body terminated unexpectedly');
    const length = Number.parseInt(call.body.toString('latin1', offset, end), 16);
    offset = end + 2;
    if (Number.isNaN(length)) throw new AwsError('InvalidRequest', 'A chunk has no valid length');
    if (length === 0) break;
    if (offset + length > call.body.length)
      throw new AwsError('IncompleteBody', 'A chunk is shorter than it says');
    chunks.push(call.body.subarray(offset, offset + length));
    offset += length + 2;
  }
  const trailers: Record<string, string> = {};
  for (const line of call.body.toString('latin1', offset).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { bytes: Buffer.concat(chunks), trailers };
}
