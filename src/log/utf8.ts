import { LogError } from './errors.ts';

/** Exactly these bytes as text. LogError `malformed`. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new LogError('malformed', 'not UTF-8', { cause });
  }
}
