/** What a C2SP tlog-checkpoint says: the log `origin` has `size` records, whose tree has this root. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** Base64 of 32 bytes. */
  readonly rootHash: string;
}

const SIZE = /^(0|[1-9]\d{0,15})$/;
const ROOT = /^[A-Za-z0-9+/]{43}=$/;

/** The note text of c2sp.org/tlog-checkpoint: origin, size and root hash, a line each. */
export const checkpointText = ({ origin, size, rootHash }: Checkpoint): string =>
  `${origin}\n${size}\n${rootHash}\n`;

/** Reads such a text, without extension lines, which this log never writes. Undefined when it is anything else. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [origin, size, rootHash, end, ...more] = text.split('\n');
  if (origin === undefined || origin === '' || size === undefined || rootHash === undefined) return undefined;
  if (end !== '' || more.length > 0 || !SIZE.test(size) || !ROOT.test(rootHash)) return undefined;
  const checkpoint = { origin, size: Number(size), rootHash };
  const bytes = Buffer.from(rootHash, 'base64');
  return Number.isSafeInteger(checkpoint.size) && bytes.toString('base64') === rootHash
    ? checkpoint
    : undefined;
}
