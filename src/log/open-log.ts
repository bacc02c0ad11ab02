import { Appender } from './appender.ts';
import { foldAll } from './batch.ts';
import { firstCommit, readCommit, type Chain } from './chain.ts';
import { createCommit, PATIENT, type Patience } from './create-commit.ts';
import { LogError } from './errors.ts';
import { parseVkey } from './keys.ts';
import { readLog, type Expected } from './reader.ts';
import type { Entry, Log, LogRecord, LogStore, Projection, Role, Signer } from './types.ts';

export interface OpenLogOptions<S, R> extends Omit<Expected, 'origin'> {
  readonly store: LogStore;
  /** Its key's name is the origin that the log must have. */
  readonly signer: Signer;
  readonly projection: Projection<S, R>;
  /** Begins a log when the store has none, with both roles' verifier keys; without it an empty store is `no-log`. */
  readonly create?: { readonly at: string; readonly keys: Readonly<Record<Role, string>> };
  readonly patience?: Patience;
}

/**
 * Reads and verifies the log from its first commit and answers it ready for appends. LogError of any code: nothing is open
 * then, `unknown-key` also when the signer's key is not the one that the log knows for its role.
 */
export async function openLog<S, R extends LogRecord>(options: OpenLogOptions<S, R>): Promise<Log<S, R>> {
  const { store, signer, projection, create, patience = PATIENT } = options;
  const origin = parseVkey(signer.vkey).name;
  const expected = { ...options, origin };

  let read = await readAll(store, expected, projection);
  if (read === undefined && create !== undefined) {
    const first = await firstCommit({ ...create, origin }, signer);
    readCommit(undefined, first);
    // Somebody else may have been faster: whatever stands there now is read like any log.
    await createCommit(store, 1, first, patience);
    read = await readAll(store, expected, projection);
  }
  if (read === undefined) throw new LogError('no-log', `there is no log of ${origin} yet`);
  const known = read.chain.keys.current[signer.role].text;
  if (known !== signer.vkey) {
    throw new LogError(
      'unknown-key',
      `the ${signer.role} signs with ${signer.vkey}, but the log knows ${known}`,
    );
  }
  return new Appender({ store, signer, projection, patience }, read.chain, read.state);
}

async function readAll<S, R>(
  store: LogStore,
  expected: Expected,
  projection: Projection<S, R>,
): Promise<{ chain: Chain; state: S } | undefined> {
  let { initial: state } = projection;
  let chain: Chain | undefined;
  for await (const commit of readLog(store, expected)) {
    chain = commit.chain;
    state = foldAll(projection, state, commit.entries as readonly Entry<R>[]);
  }
  return chain && { chain, state };
}
