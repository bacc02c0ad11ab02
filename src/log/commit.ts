import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { LogError } from './errors.ts';
import { parseNote, type NoteSignature } from './note.ts';
import { decodeUtf8 } from './utf8.ts';

/** Bounds of one commit object: a reader never holds more than this. */
export const MAX_RECORDS = 1_000;
export const MAX_BYTES = 4 * 1024 * 1024;

const KEY = /^log\/(\d{16})$/;

/** Object key of commit `number`, from 1; keys sort as their numbers do. */
export const commitKey = (number: number): string => `log/${String(number).padStart(16, '0')}`;

/** The number in an object key, or undefined when it is not the key of a commit. */
export function commitNumber(key: string): number | undefined {
  const digits = KEY.exec(key)?.[1];
  const number = Number(digits);
  return Number.isSafeInteger(number) && number >= 1 ? number : undefined;
}

/** A commit object, taken apart; nothing is verified yet but its form. */
export interface Commit {
  /** One canonical record each. */
  readonly lines: readonly string[];
  /** The signed note, verbatim. */
  readonly note: string;
  readonly signedText: string;
  readonly checkpoint: Checkpoint;
  readonly signature: NoteSignature;
}

/** The object: one record a line, an empty line, the signed checkpoint. */
export const encodeCommit = (lines: readonly string[], note: string): Uint8Array =>
  Buffer.from(`${lines.join('\n')}\n\n${note}`);

/** LogError `too-large` or `malformed`. Every byte of the object is in the answer. */
export function decodeCommit(bytes: Uint8Array): Commit {
  if (bytes.length > MAX_BYTES) throw new LogError('too-large', `more than ${MAX_BYTES} bytes`);
  const text = decodeUtf8(bytes);
  const end = text.indexOf('\n\n');
  const lines = text.slice(0, Math.max(end, 0)).split('\n');
  if (lines.length > MAX_RECORDS) throw new LogError('too-large', `more than ${MAX_RECORDS} records`);
  const note = text.slice(end + 2);
  const { text: signedText, signatures } = parseNote(note) ?? {};
  const checkpoint = signedText === undefined ? undefined : parseCheckpoint(signedText);
  const [signature, ...others] = signatures ?? [];
  // One signature, no other line: no byte can change unnoticed.
  if (end < 0 || signedText === undefined || !checkpoint || !signature || others.length > 0) {
    throw new LogError('malformed', 'not records, an empty line and a checkpoint with one signature');
  }
  return { lines, note, signedText, checkpoint, signature };
}

/** Longer than any checkpoint: an origin has at most 200 characters. */
const MAX_NOTE_BYTES = 4_096;

/** What is the note if this is a commit, without a look at the rest. */
export function noteAtEnd(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(-MAX_NOTE_BYTES)).toString();
  const signatures = text.lastIndexOf('\n\n');
  return text.slice(text.lastIndexOf('\n\n', signatures - 1) + 2);
}
