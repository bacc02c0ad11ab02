import { canonicalText } from '../../log/canonical.ts';
import { readCommit, writeCommit, type Chain } from '../../log/chain.ts';
import { commitKey } from '../../log/commit.ts';
import { generateKey, pemSigner, type LogRecord, type Role, type Signer } from '../../log/index.ts';
import { DRILL, drillRecord } from './drill-log.ts';

export type Objects = Map<string, Uint8Array>;

export const objectOf = (objects: Objects, n: number): Uint8Array => {
  const bytes = objects.get(commitKey(n));
  if (bytes === undefined) throw new Error(`the log of the drill has no commit ${n}`);
  return bytes;
};
export const textOf = (objects: Objects, n: number): string => Buffer.from(objectOf(objects, n)).toString();
export const copy = (objects: Objects, from: number, to: number): void =>
  void objects.set(commitKey(to), objectOf(objects, from));

/** Throws where it would change nothing: a drill that alters nothing proves nothing. */
export function edit(objects: Objects, n: number, change: (text: string) => string): void {
  const before = textOf(objects, n);
  const after = change(before);
  if (after === before) throw new Error(`commit ${n} of the drill was not altered`);
  objects.set(commitKey(n), Buffer.from(after));
}

export const signerOf = (role: Role): Signer => pemSigner(role, DRILL, generateKey());

/** The last commit, written again with another record of the same type. */
export async function rewrite(objects: Objects, last: number, signer: Signer): Promise<void> {
  objects.delete(commitKey(last));
  await append(objects, last - 1, signer, drillRecord(signer.role, last, 'nothing happened'));
}

/** A commit after the given one, as whoever holds that signer's key would write it. */
export async function append(
  objects: Objects,
  after: number,
  signer: Signer,
  record: LogRecord,
): Promise<void> {
  let chain: Chain | undefined;
  for (let n = 1; n <= after; n += 1) ({ chain } = readCommit(chain, objectOf(objects, n)));
  if (chain === undefined) throw new Error('the log of the drill is empty');
  objects.set(commitKey(after + 1), await writeCommit(chain, [canonicalText(record)], signer));
}
