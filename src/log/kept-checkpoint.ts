import type { Chain } from './chain.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { LogError } from './errors.ts';
import { parseVkey } from './keys.ts';
import { parseNote } from './note.ts';
import { treeFrom } from './snapshot-chain.ts';
import { ROLES, type Role } from './types.ts';

/** What follows the note: with it a verifier can go on from there when everything before has expired. */
interface Rest {
  /** Number of the commit that ends with the note. */
  readonly commit: number;
  /** Base64 of the roots of the tree's perfect subtrees, largest first. */
  readonly peaks: readonly string[];
  /** Who may sign the next commit, and the ids of all keys there were. */
  readonly keys: Readonly<Record<Role, string>>;
  readonly usedKeyIds: readonly string[];
}

/** A place in a verified log, to be kept elsewhere: the signed note verbatim, an empty line, one line of JSON. */
export function keptCheckpoint({ head, tree, keys }: Chain): string {
  const rest: Rest = {
    commit: head.commit,
    peaks: tree.peaks.map((peak) => Buffer.from(peak).toString('base64')),
    keys: { bot: keys.current.bot.text, worker: keys.current.worker.text },
    usedKeyIds: keys.usedIds,
  };
  return `${head.checkpoint}\n${JSON.stringify(rest)}\n`;
}

/**
 * The place again; undefined where the text is a checkpoint without the rest. Whoever calls this has kept the text where
 * nobody could change it: that is what it is trusted for. LogError `malformed` or `root-mismatch` when it means nothing.
 */
export function readKeptCheckpoint(text: string): Chain | undefined {
  const end = text.lastIndexOf('\n\n') + 1;
  const note = text.slice(0, end);
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '');
  const rest = restIn(text.slice(end));
  if (checkpoint === undefined || rest === undefined) return undefined;
  const { origin, size, rootHash } = checkpoint;
  const current = { bot: parseVkey(rest.keys.bot), worker: parseVkey(rest.keys.worker) };
  if (ROLES.some((role) => current[role].name !== origin))
    throw new LogError('malformed', `the keys kept with a checkpoint of ${origin} are of another log`);
  return {
    origin,
    head: { commit: rest.commit, size, rootHash, checkpoint: note },
    tree: treeFrom(rest.peaks, { size, rootHash }),
    keys: { current, usedIds: rest.usedKeyIds },
  };
}

function restIn(text: string): Rest | undefined {
  if (!text.trim().startsWith('{')) return undefined;
  try {
    const rest = JSON.parse(text) as Partial<Rest>;
    const { commit, peaks, keys, usedKeyIds } = rest;
    const isWhole =
      Number.isSafeInteger(commit) &&
      areTexts(peaks) &&
      areTexts([keys?.bot, keys?.worker]) &&
      areTexts(usedKeyIds);
    if (isWhole) return rest as Rest;
  } catch (cause) {
    throw new LogError('malformed', 'what follows the checkpoint is not JSON', { cause });
  }
  throw new LogError('malformed', 'what follows the checkpoint is not what a verifier goes on from');
}

const areTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
