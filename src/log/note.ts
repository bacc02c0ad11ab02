import { parseVkey, verifies, type Vkey } from './keys.ts';

/** One line `— <name> <base64(key id || signature)>` of a C2SP signed note. */
export interface NoteSignature {
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  readonly signature: Uint8Array;
}

export interface Note {
  /** What is signed, its last newline included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** The signed-note specification asks for at least 16. */
const MAX_SIGNATURES = 16;
// A key name has no Unicode space and no plus; a note has no ASCII control character but newline.
const SIGNATURE_LINE = /^— (?<name>[^\p{White_Space}+]+) (?<body>[A-Za-z0-9+/]+={0,2})$/u;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

/** c2sp.org/signed-note: the text, an empty line, one line for each signature. */
export const formatNote = (note: Note): string =>
  `${note.text}\n${note.signatures.map(signatureLine).join('')}`;

const signatureLine = ({ name, keyId, signature }: NoteSignature): string =>
  `— ${name} ${Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64')}\n`;

/** A note as c2sp.org/signed-note defines it, or undefined when it is not one. Nothing is verified yet. */
export function parseNote(source: string): Note | undefined {
  const end = source.lastIndexOf('\n\n');
  if (end < 0 || !source.endsWith('\n') || CONTROL.test(source)) return undefined;
  const lines = source.slice(end + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) return undefined;
  const signatures = lines.map(parseSignature);
  return signatures.every((signature) => signature !== undefined)
    ? { text: source.slice(0, end + 1), signatures }
    : undefined;
}

function parseSignature(line: string): NoteSignature | undefined {
  const { name, body } = SIGNATURE_LINE.exec(line)?.groups ?? {};
  if (name === undefined || body === undefined) return undefined;
  const bytes = Buffer.from(body, 'base64');
  if (bytes.toString('base64') !== body || bytes.length <= 4) return undefined;
  return { name, keyId: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) };
}

/**
 * The keys that signed the note. Signatures of unknown keys are ignored; one failing signature of a known key, or none of
 * a known key, makes the note worthless: undefined.
 */
export function signersOf(note: Note, vkeys: readonly string[]): readonly Vkey[] | undefined {
  const known = vkeys.map(parseVkey);
  const signers: Vkey[] = [];
  for (const line of note.signatures) {
    const key = known.find(({ name, keyId }) => name === line.name && keyId === line.keyId);
    if (key === undefined) continue;
    if (!verifies(key, note.text, line.signature)) return undefined;
    signers.push(key);
  }
  return signers.length === 0 ? undefined : signers;
}
