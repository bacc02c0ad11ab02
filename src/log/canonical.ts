import canonicalize from 'canonicalize';
import { LogError } from './errors.ts';
import type { LogRecord } from './types.ts';

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$/;

/**
 * The one text of a record: RFC 8785 canonical JSON, without a newline. Properties that are undefined are left out.
 * LogError `malformed` for what is not JSON (NaN, functions, lone surrogates, cycles) or lacks the envelope.
 */
export function canonicalText(record: LogRecord): string {
  const text = canonical(record);
  if (text === undefined || !isEnvelope(record)) {
    throw new LogError('malformed', 'a record must be JSON with format, type and a UTC time at');
  }
  parseCanonical(text);
  return text;
}

/** The record of a canonical text. LogError `not-canonical` when the text is not, byte for byte, what canonicalText gives. */
export function parseCanonical(text: string): LogRecord {
  const value = parse(text);
  if (canonical(value) !== text)
    throw new LogError('not-canonical', 'a record is not in canonical form (RFC 8785)');
  if (!isEnvelope(value)) throw new LogError('malformed', 'a record lacks format, type or a UTC time at');
  return value;
}

function canonical(value: unknown): string | undefined {
  try {
    return canonicalize(value);
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new LogError('malformed', 'a record is not JSON', { cause });
  }
}

function isEnvelope(value: unknown): value is LogRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { format, type, at } = value as Partial<Record<keyof LogRecord, unknown>>;
  return (
    Number.isSafeInteger(format) &&
    (format as number) >= 1 &&
    typeof type === 'string' &&
    type !== '' &&
    typeof at === 'string' &&
    TIME.test(at) &&
    !Number.isNaN(Date.parse(at))
  );
}
