import type { KeyHistory } from '../../log/key-history.ts';
import { ROLES } from '../../log/types.ts';
import type { RetentionReport } from '../../log/versions.ts';
import type { MissingCommits } from '../../log/listed.ts';
import type { VerifyReport } from '../../log/verify.ts';
import { table } from '../table.ts';
import type { MeaningReport } from './meaning.ts';
import type { Range } from './range.ts';
import { notCompared, type Verification } from './verification.ts';

/** What verifying found, a line each, for people. */
export function verdict(found: Verification, where: string, asked: Range | undefined): string[] {
  const { start, firstBreak, missing, meaning, checkpoints, origin, head, commits, records } = found;
  const lines = [
    `${inAWord(found).padEnd(8)} ${where}`,
    `commits  ${commits}/${found.found} hold`,
    `records  ${records}${found.from === undefined ? '' : ` from ${found.from} to ${found.to}`}`,
  ];
  if (start)
    lines.push(
      `begins   after commit ${start.commit} (${start.size} records), by a checkpoint that was kept: what was before is gone, or was not looked at`,
    );
  if (asked && found.within) lines.push(`asked    ${asked.text}`, `found    ${countIn(found.within)}`);
  if (firstBreak) lines.push(`break    ${firstBreak.text} (${firstBreak.code}, commit ${firstBreak.commit})`);
  if (missing) lines.push(`missing  ${missingText(missing)}`);
  lines.push(...meant(meaning), ...kept(found.retention));
  if (origin !== undefined) lines.push(`origin   ${origin}`);
  if (found.keys) lines.push(`trust    ${TRUST[found.trust]}`);
  if (checkpoints.given > 0)
    lines.push(`contains ${checkpoints.contained}/${checkpoints.given} of the given checkpoints`);
  if (notCompared(found) > 0) lines.push(`doubt    ${notComparedText(found)}`);
  if (head) lines.push(`head     ${head.size} records, root ${head.rootHash}`, `anchored ${anchor(found)}`);
  return [...lines, ...signed(found.keyHistory)];
}

/** Doubtful: nothing is known to be wrong, and not everything that was to be checked could be. */
function inAWord({ valid, firstBreak, meaning, retention }: Verification): 'VALID' | 'DOUBTFUL' | 'INVALID' {
  if (valid) return 'VALID';
  const why = meaning.doubts[0]?.code;
  const isWrong =
    firstBreak !== undefined || why === 'impossible' || why === 'wrong-role' || retention?.holds === false;
  return isWrong ? 'INVALID' : 'DOUBTFUL';
}

/** The numbers, as ranges. */
export function missingText({ commits, ranges }: MissingCommits): string {
  const named = ranges.map(({ first, last }) => (first === last ? `${first}` : `${first} to ${last}`));
  const shown = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const rest = commits > shown ? `, and ${commits - shown} more` : '';
  return `${commits} of the commits before the last one: ${named.join(', ')}${rest}`;
}

function meant({ doubts, doubtful, unjudged }: MeaningReport): string[] {
  const lines = doubts.map(({ code, text }) => `doubt    ${text} (${code})`);
  if (doubtful > doubts.length) lines.push(`         and ${doubtful - doubts.length} more records`);
  if (unjudged > 0)
    lines.push(
      `unjudged ${unjudged} records of requests that began before: nothing is left that they could contradict`,
    );
  return lines;
}

const notComparedText = (found: Verification): string =>
  `${notCompared(found)} of the given checkpoints could not be compared: they are from before what is left of the log (not-compared)`;

const countIn = ({ records, first, last }: NonNullable<VerifyReport['within']>): string =>
  first === undefined ? 'no record' : `${records} records, ${first} to ${last}`;

function kept(retention: RetentionReport | null): string[] {
  if (retention === null)
    return ['retained not checked: files have neither versions nor locks, verify the bucket itself'];
  const { versions, locked, lockedUntil, comparedWithPromise, ended, doubts, doubtful } = retention;
  const until = lockedUntil === undefined ? '' : `, the first until ${lockedUntil}`;
  const promise = comparedWithPromise
    ? ''
    : '; for how long they were to be is not known: give --retain-days';
  const lines = [`retained ${locked}/${versions} versions are locked in compliance mode${until}${promise}`];
  if (ended > 0) lines.push(`         the locks of ${ended} have ended`);
  lines.push(...doubts.map(({ code, text }) => `doubt    ${text} (${code})`));
  if (doubtful > doubts.length) lines.push(`         and ${doubtful - doubts.length} more`);
  return [
    ...lines,
    'unseen   a delete marker that was removed again, or what was removed after its lock ended',
  ];
}

const TRUST: Readonly<Record<VerifyReport['trust'], string>> = {
  'given-keys': 'descends from the given keys',
  'first-use': 'as the log itself says: give --bot-key and --worker-key to check it',
  'kept-checkpoint': 'descends from the kept checkpoint',
};

/** Against those who hold the keys, nothing is proven beyond this. */
const anchor = ({ anchored }: VerifyReport): string =>
  anchored === 0
    ? 'nowhere: give a --checkpoint that was kept where the operators cannot change it'
    : `up to record ${anchored - 1}, by a checkpoint kept elsewhere`;

/**
 * The key that a receipt needs is the one whose records go around its own. Each is below its line, to be copied: beside it
 * the two are wider than a terminal.
 */
function signed(history: KeyHistory): string[] {
  if (history.length === 0) return [];
  const terms = ROLES.flatMap((each) => history.filter(({ role }) => role === each));
  const rows = terms.map(({ role, records, first = '', last = '', from = '', to = '' }) => [
    role,
    ...[records, first, last].map(String),
    from,
    to,
  ]);
  const [head = '', rule = '', ...lines] = table(['key of', 'signed', 'first', 'last', 'from', 'to'], rows);
  return ['', head, rule, ...lines.flatMap((line, i) => [line, `  ${terms[i]?.key}`])];
}
