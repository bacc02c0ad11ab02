/** One object of the log: lines of JSON records around a signed checkpoint. The page reads, it does not verify. */
import { toMillis } from './format.js';

/** @import { LogRecord } from './types.d.ts' */

/** Events that carry their own, measured instant beside the time of writing. @type {Record<string, string>} */
const MEASURED = {
  'open.confirmed': 'openedAt',
  'close.confirmed': 'closedAt',
  'rotation.confirmed': 'servedAt',
};

/**
 * @param {string} text
 * @returns {{ records: LogRecord[], size: number | undefined }} `size` is the tree size of the checkpoint, the second
 *   line of a C2SP checkpoint.
 */
export function parseCommit(text) {
  const lines = text.split('\n');
  const records = lines.map(parseRecord).filter((record) => record !== undefined);
  const at = lines.findIndex(
    (line, index) => isOrigin(line) && isSize(lines[index + 1]) && isHash(lines[index + 2]),
  );
  return { records, size: at < 0 ? undefined : Number(lines[at + 1]) };
}

const isOrigin = (/** @type {string} */ line) => line !== '' && !line.startsWith('{');
const isSize = (/** @type {string | undefined} */ line) => /^\d+$/.test(line ?? '');
const isHash = (/** @type {string | undefined} */ line) => /^[A-Za-z0-9+/]{43}=$/.test(line ?? '');

/** @param {string} line @returns {LogRecord | undefined} */
function parseRecord(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    const body = JSON.parse(line);
    const { type } = body;
    const at = toMillis(body[MEASURED[type] ?? 'at'] ?? body.at);
    if (typeof type !== 'string' || Number.isNaN(at)) return undefined;
    return { type, at, request: String(body.request ?? ''), body };
  } catch {
    return undefined;
  }
}
