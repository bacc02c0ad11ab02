import canonicalize from 'canonicalize';
import { LogError } from './errors.ts';
import type { LogRecord } from './types.ts';

/** Deeper, and it would be a matter of the reader's stack whether a record can be read. */
const MAX_DEPTH = 64;

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$/;

/**
 * The one text of a record: RFC 8785 canonical JSON, without a newline. Properties that are undefined are left out.
 * LogError `malformed` for what is not JSON (NaN, functions, lone surrogates, cycles) or lacks the envelope.
 */
export const canonicalText = (record: LogRecord): string => canonicalRecord(record).text;

/** The same, and the record as every reader of that text gets it. */
export function canonicalRecord(given: LogRecord): { readonly text: string; readonly record: LogRecord } {
  const text = canonical(given);
  const record = text === undefined ? undefined : parse(text);
  if (text === undefined || !isEnvelope(record)) {
    throw new LogError('malformed', 'a record must be JSON with format, type and a UTC time at');
  }
  return { text, record };
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
  const value = parseJson(text);
  if (isDeeper(value, MAX_DEPTH))
    throw new LogError('malformed', `a record nests more than ${MAX_DEPTH} levels deep`);
  return value;
}

function parseJson(text: string): unknown {
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
    exists(at)
  );
}

/** A day of the calendar and a time of that day: the 30th of February would be read as another day, or not at all. */
function exists(at: string): boolean {
  const instant = Date.parse(at);
  return !Number.isNaN(instant) && new Date(instant).toISOString().slice(0, 19) === at.slice(0, 19);
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));
