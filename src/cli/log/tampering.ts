import type { LogErrorCode, LogRecord } from '../../log/index.ts';
import { firstCommit } from '../../log/chain.ts';
import { commitKey } from '../../log/commit.ts';
import type { VersionDoubtCode } from '../../log/versions.ts';
import { DRILL, drillRecord, drillRequest, drillTime, type DrillLog } from './drill-log.ts';
import { append, copy, edit, objectOf, rewrite, signerOf, textOf, type Objects } from './drill-objects.ts';
import { shortLock, type Versions } from './drill-versions.ts';
import type { RecordDoubt } from './meaning.ts';

/** What `log verify` says in one of its lines. */
export type Said = {
  readonly code: LogErrorCode | VersionDoubtCode | RecordDoubt['code'] | 'missing';
  readonly text: string;
};

/** One way to alter a log, and what has to be said about it. */
export type Tampering = {
  readonly what: string;
  readonly expected: readonly Said['code'][];
  /**
   * Alters these objects of the drill's log, or what the store knows of them; `last` is the number of its last commit, ten
   * at least.
   */
  readonly alter: (objects: Objects, log: DrillLog, last: number, versions: Versions) => Promise<void> | void;
};

/** By whoever may write to the bucket, by whoever has another key, and by the operators, who have both keys. */
export const TAMPERINGS: readonly Tampering[] = [
  {
    what: 'flip a bit of a record',
    expected: ['root-mismatch'],
    alter: (objects) => edit(objects, 4, (text) => text.replace('port has to be', 'port had to be')),
  },
  {
    what: 'flip a bit of a signature',
    expected: ['bad-signature'],
    // The second character of the signature line's base64 is the key's, the tenth the signature's.
    alter: (objects) =>
      edit(objects, 4, (text) =>
        text.replace(/(— \S+ .{12})(.)/, (_, head: string, c: string) => head + (c === 'A' ? 'B' : 'A')),
      ),
  },
  {
    what: 'spell a record in another way',
    expected: ['not-canonical'],
    alter: (objects) => edit(objects, 4, (text) => text.replace('{', '{ ')),
  },
  { what: 'drop a commit', expected: ['gap'], alter: (objects) => void objects.delete(commitKey(5)) },
  {
    what: 'drop another one far behind it',
    expected: ['missing'],
    alter: (objects, _, last) => [5, last - 2].forEach((n) => objects.delete(commitKey(n))),
  },
  {
    what: 'drop a commit and move the others up',
    expected: ['root-mismatch'],
    alter: (objects, _, last) => {
      for (let n = 5; n < last; n += 1) copy(objects, n + 1, n);
      objects.delete(commitKey(last));
    },
  },
  {
    what: 'swap two commits',
    expected: ['root-mismatch'],
    alter: (objects) => {
      const [five, six] = [objectOf(objects, 5), objectOf(objects, 6)];
      objects.set(commitKey(5), six).set(commitKey(6), five);
    },
  },
  {
    what: 'insert a commit that was there before',
    expected: ['root-mismatch'],
    alter: (objects, _, last) => {
      for (let n = last; n >= 5; n -= 1) copy(objects, n, n + 1);
      copy(objects, 3, 5);
    },
  },
  {
    what: 'cut the end off',
    expected: ['head-moved-back'],
    alter: (objects, _, last) => {
      for (let n = last - 2; n <= last; n += 1) objects.delete(commitKey(n));
    },
  },
  {
    what: 'cut a commit short',
    expected: ['malformed'],
    alter: (objects, _, last) => void objects.set(commitKey(last), objectOf(objects, last).subarray(0, 80)),
  },
  {
    what: 'put an old checkpoint in place of a newer one',
    expected: ['root-mismatch'],
    alter: (objects) => {
      const note = textOf(objects, 4).split('\n\n').slice(1).join('\n\n');
      edit(objects, 6, (text) => `${text.split('\n\n')[0]}\n\n${note}`);
    },
  },
  {
    what: 'put something else beside the commits',
    expected: ['malformed'],
    alter: (objects) => void objects.set('log/readme.txt', Buffer.from('nothing')),
  },
  {
    what: 'write other records, signed with another key',
    expected: ['unknown-key'],
    alter: (objects, _, last) => rewrite(objects, last, signerOf('worker')),
  },
  {
    what: 'write a record of the other role',
    expected: ['wrong-role'],
    alter: (objects, { signers }, last) => append(objects, last, signers.bot, drillRecord('worker', last)),
  },
  {
    what: 'write that something was opened which nobody has approved, with the right key',
    expected: ['impossible'],
    alter: (objects, { signers }, last) => append(objects, last, signers.worker, opening('open.confirmed')),
  },
  {
    what: 'write a record of a kind that nobody knows, with the right key',
    expected: ['unknown-type'],
    alter: (objects, { signers }, last) => append(objects, last, signers.worker, opening('open.widened')),
  },
  {
    what: 'write a record of a format that nobody knows, with the right key',
    expected: ['newer-format'],
    alter: (objects, { signers }, last) =>
      append(objects, last, signers.worker, opening('open.confirmed', 2)),
  },
  {
    what: 'begin the log again under other keys',
    expected: ['unknown-key'],
    alter: async (objects) => {
      const [bot, worker] = [signerOf('bot'), signerOf('worker')];
      const keys = { bot: bot.vkey, worker: worker.vkey };
      const first = await firstCommit({ at: drillTime(0), origin: DRILL, keys }, bot);
      objects.clear();
      objects.set(commitKey(1), first);
      for (let n = 1; n < 12; n += 1) await append(objects, n, bot, drillRecord('bot', n));
    },
  },
  {
    what: 'write another end, with the right keys',
    expected: ['root-mismatch'],
    alter: (objects, { signers }, last) =>
      rewrite(objects, last, last % 2 === 0 ? signers.bot : signers.worker),
  },
  {
    what: 'lay a delete marker over the newest commit',
    expected: ['delete-marker'],
    alter: (objects, _, last, versions) => hide(objects, last, versions),
  },
  {
    what: 'lay a delete marker over a commit in the middle',
    expected: ['delete-marker'],
    alter: (objects, _, __, versions) => hide(objects, 5, versions),
  },
  {
    what: 'hide a commit, and write it once more as it was',
    expected: ['delete-marker'],
    alter: (_, __, last, { markers }) => void markers.add(commitKey(last)),
  },
  {
    what: 'the same, and take the delete marker away again',
    expected: ['several-versions'],
    alter: (_, __, last, { older }) => void older.add(commitKey(last)),
  },
  {
    what: 'shorten the retention of a commit',
    expected: ['short-lock'],
    alter: (_, __, ___, { locks }) => void locks.set(commitKey(4), shortLock),
  },
  {
    what: 'lock a commit in a mode that can be lifted',
    expected: ['weak-lock'],
    alter: (_, __, ___, { locks }) => void locks.set(commitKey(4), { ...shortLock, mode: 'GOVERNANCE' }),
  },
  {
    what: 'take the lock off the newest commit',
    expected: ['not-locked'],
    alter: (_, __, last, { locks }) => void locks.set(commitKey(last), undefined),
  },
];

function hide(objects: Objects, n: number, { markers }: Versions): void {
  objects.delete(commitKey(n));
  markers.add(commitKey(n));
}

/** Of what somebody has asked for, and nobody has approved. */
const opening = (type: string, format = 1): LogRecord & { readonly request: string } => ({
  format,
  type,
  at: drillTime(60),
  request: drillRequest(1),
});
