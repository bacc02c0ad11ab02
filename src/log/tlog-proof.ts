import { LogError } from './errors.ts';

/** c2sp.org/tlog-proof: that something is in a log, to be verified without the log. */
export interface TlogProof {
  /** The bytes of the record. The format authenticates nothing of it: whoever reads it hashes it. */
  readonly extra: Uint8Array | undefined;
  /** 0-based leaf index. */
  readonly index: number;
  /** RFC 6962 section 2.1.1, 32 bytes each, from the leaf's sibling up. */
  readonly path: readonly Uint8Array[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
}

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
const INDEX = /^index (0|[1-9]\d{0,15})$/;
const EXTRA = 'extra ';
/** No tree of this log is higher: its size is a whole number up to 2^53. */
const MAX_PATH = 53;

/** The text of a file with the extension `.tlog-proof`. */
export function formatProof({ extra, index, path, checkpoint }: TlogProof): string {
  const lines = [
    FIRST_LINE,
    ...(extra === undefined ? [] : [`${EXTRA}${base64(extra)}`]),
    `index ${index}`,
    ...path.map(base64),
  ];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Takes such a text apart; nothing is verified yet. LogError `malformed` for anything else. */
export function parseProof(text: string): TlogProof {
  const end = text.indexOf('\n\n');
  const [first, ...lines] = text.slice(0, Math.max(end, 0)).split('\n');
  if (first !== FIRST_LINE) throw malformed(`its first line is not ${FIRST_LINE}`);
  const extra = lines[0]?.startsWith(EXTRA) === true ? bytes(lines.shift()!.slice(EXTRA.length)) : undefined;
  const index = Number(INDEX.exec(lines.shift() ?? '')?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(index)) throw malformed('its index is not a whole number from 0');
  if (lines.length > MAX_PATH) throw malformed('its path is longer than any tree is high');
  const path = lines.map(bytes);
  if (path.some((hash) => hash.length !== 32))
    throw malformed('its path has a hash that is not 32 bytes long');
  return { extra, index, path, checkpoint: text.slice(end + 2) };
}

/** RFC 4648 section 4, in the one spelling that these bytes have. */
function bytes(line: string): Uint8Array {
  const decoded = Buffer.from(line, 'base64');
  if (decoded.toString('base64') !== line) throw malformed('what must be base64 is not');
  return decoded;
}

const base64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');
const malformed = (why: string): LogError => new LogError('malformed', `not a tlog-proof: ${why}`);
