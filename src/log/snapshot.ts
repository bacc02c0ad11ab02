import { hash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { LogError } from './errors.ts';
import { verifies, type Vkey } from './keys.ts';
import { formatNote, parseNote, type NoteSignature } from './note.ts';
import type { Role } from './types.ts';

/** What a reader holds of one snapshot object at most, before anything of it is believed. */
export const MAX_SNAPSHOT_BYTES = 32 * 1024 * 1024;
/** What may come out of one that is believed: a mistake of ours must end as an error, not as a machine without memory. */
const MAX_INFLATED = 16 * MAX_SNAPSHOT_BYTES;
/** Title, origin, number, digest, an empty line and the signature; an origin has at most 200 characters. */
const NOTE_LINES = 6;
const MAX_NOTE_BYTES = 4_096;
/** No origin of ours has a space: this note is never a checkpoint, and no checkpoint is this note. */
const TITLE = 'breakglass snapshot';

/** A piece takes about half a millisecond to write: what else the process does never waits longer for it. */
const PIECE = 64 * 1024;
/** After each piece. So a snapshot takes a small part of one core, however large it is. */
const PAUSE_MS = 5;

/** Keys of the snapshots that one role makes of one kind of state begin with this. */
export const snapshotPrefix = (role: Role, kind: string): string => `snapshot/${role}/${kind}/`;

/** Object key of the snapshot at commit `number`; keys sort as their numbers do. */
export const snapshotKey = (prefix: string, number: number): string =>
  `${prefix}${String(number).padStart(16, '0')}`;

/** The number in such a key, or undefined when it is not one. */
export function snapshotNumber(prefix: string, key: string): number | undefined {
  const number = Number(key.slice(prefix.length));
  return Number.isSafeInteger(number) && number >= 1 && key === snapshotKey(prefix, number)
    ? number
    : undefined;
}

/** What is signed: this content, under this number, of this log. */
const noteText = (origin: string, number: number, content: Uint8Array): string =>
  `${TITLE}\n${origin}\n${number}\n${hash('sha256', content, 'base64')}\n`;

/** The object: the signed note, and the content it speaks of. */
export async function sealSnapshot(
  content: Uint8Array,
  number: number,
  key: Pick<Vkey, 'name' | 'keyId'>,
  sign: (message: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const text = noteText(key.name, number, content);
  const signature: NoteSignature = { ...key, signature: await sign(Buffer.from(text)) };
  return Buffer.concat([Buffer.from(formatNote({ text, signatures: [signature] })), content]);
}

/**
 * The content of the object at `number`, signed by this very key: nothing of it has been interpreted before.
 * LogError `too-large`, `malformed`, `unknown-key` or `bad-signature`.
 */
export function unsealSnapshot(bytes: Uint8Array, number: number, key: Vkey): Uint8Array {
  if (bytes.length > MAX_SNAPSHOT_BYTES)
    throw new LogError('too-large', `more than ${MAX_SNAPSHOT_BYTES} bytes`);
  const end = endOfNote(bytes);
  const note = parseNote(Buffer.from(bytes.subarray(0, end)).toString());
  const [signature, ...others] = note?.signatures ?? [];
  if (note === undefined || signature === undefined || others.length > 0) {
    throw new LogError('malformed', 'it does not begin with a note with one signature');
  }
  if (signature.name !== key.name || signature.keyId !== key.keyId) {
    throw new LogError('unknown-key', `signed by key ${signature.name}+${signature.keyId}, not by ours`);
  }
  if (!verifies(key, note.text, signature.signature)) {
    throw new LogError('bad-signature', 'its signature is not one of our key');
  }
  const content = bytes.subarray(end);
  if (note.text !== noteText(key.name, number, content)) {
    throw new LogError('malformed', 'what our key has signed is not this content under this number');
  }
  return content;
}

/** Where the sixth line ends; 0 when there is none. */
function endOfNote(bytes: Uint8Array): number {
  const head = bytes.subarray(0, MAX_NOTE_BYTES);
  let end = 0;
  for (let line = 0; line < NOTE_LINES; line += 1) {
    end = head.indexOf(0x0a, end) + 1;
    if (end === 0) return 0;
  }
  return end;
}

/**
 * JSON values, a line each, compressed: a piece at a time, so that a large state holds nothing up. LogError `too-large`
 * for more than a reader takes.
 */
export async function packLines(
  values: Iterable<unknown>,
  wait: (ms: number) => Promise<void>,
  maxBytes: number = MAX_SNAPSHOT_BYTES,
): Promise<Uint8Array> {
  const packed: Buffer[] = [];
  await pipeline(pieces(values, wait), createGzip(), async (compressed: AsyncIterable<Buffer>) => {
    let size = MAX_NOTE_BYTES;
    for await (const chunk of compressed) {
      size += chunk.length;
      if (size > maxBytes) throw new LogError('too-large', `more than ${maxBytes} bytes`);
      packed.push(chunk);
    }
  });
  return Buffer.concat(packed);
}

async function* pieces(
  values: Iterable<unknown>,
  wait: (ms: number) => Promise<void>,
): AsyncGenerator<string, void, undefined> {
  let piece = '';
  for (const value of values) {
    piece += `${JSON.stringify(value)}\n`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
    await wait(PAUSE_MS);
  }
  yield piece;
}

/** The values again, one at a time. LogError `malformed`, or `too-large` for what nobody of us would have written. */
export async function* unpackLines(
  content: Uint8Array,
  maxInflated: number = MAX_INFLATED,
): AsyncGenerator<unknown, void, undefined> {
  const inflated = createGunzip();
  inflated.end(content);
  const text = new TextDecoder('utf-8', { fatal: true });
  let size = 0;
  let rest = '';
  try {
    for await (const chunk of inflated as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxInflated) throw new LogError('too-large', `more than ${maxInflated} bytes when unpacked`);
      const lines = (rest + text.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop()!;
      for (const line of lines) yield JSON.parse(line) as unknown;
    }
    if (rest !== '' || size === 0) throw new LogError('malformed', 'it does not end with a line');
  } catch (cause) {
    if (cause instanceof LogError) throw cause;
    throw new LogError('malformed', 'it is not compressed lines of JSON', { cause });
  }
}
