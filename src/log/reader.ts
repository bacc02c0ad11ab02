import { checkEarly, readCommit, type Chain, type EarlyCheck, type VerifiedCommit } from './chain.ts';
import { commitKey, commitNumber } from './commit.ts';
import { LogError } from './errors.ts';
import { parseVkey } from './keys.ts';
import { LIST_PAGE, ROLES, type Head, type LogOpened, type LogStore, type Role } from './types.ts';

/** What the reader of a log already knows from elsewhere. */
export interface Expected {
  /** The deployment the log must be of. */
  readonly origin?: string;
  /** The verifier keys that the log was opened with; without them the first commit is taken at its word. */
  readonly trustedKeys?: Readonly<Record<Role, string>>;
  /**
   * Checkpoints seen before, by any means: the log must contain each of them. Where it is read from a place further on, those
   * of fewer records than that cannot be compared.
   */
  readonly contains?: readonly Pick<Head, 'size' | 'rootHash'>[];
}

// One read takes as long as ten or more can be under way: keeps start-up from paying a round trip a commit.
const READ_AHEAD = 16;

// Whoever follows the log mostly lacks a commit or two: asked for beside the list, they cost no round trip after it.
const GUESSED = 2;

/**
 * Reads and verifies everything after `from` (or from the beginning), one commit at a time, to where the store ends when it is asked.
 * LogError of any integrity code at the first commit that does not hold; `store-unavailable` when the store fails.
 */
export async function* readLog(
  store: LogStore,
  expected: Expected = {},
  from?: Chain,
): AsyncGenerator<VerifiedCommit, void, undefined> {
  let chain = from;
  if (from !== undefined) checkPlace(from, expected);
  const look = async (bytes: Uint8Array) => chain && checkEarly(chain.keys, bytes);
  for await (const { bytes, early } of objectsAfter(store, from, look)) {
    const commit = readCommit(chain, bytes, early);
    if (chain === undefined) checkBeginning(commit, expected);
    checkPassing(chain?.head.size ?? 0, commit.chain.head, expected);
    chain = commit.chain;
    yield commit;
  }
  const size = chain?.head.size ?? 0;
  const seen = Math.max(0, ...(expected.contains ?? []).map((checkpoint) => checkpoint.size));
  if (size < seen)
    throw new LogError('head-moved-back', `the log ends at ${size} records, ${seen} were seen before`);
}

/** One object of the log. LogError `store-unavailable` when the store fails. */
export const readObject = (store: LogStore, number: number): Promise<Uint8Array | undefined> =>
  ask(() => store.read(commitKey(number)));

/** Begins while an object waits for its turn. */
type Look = (bytes: Uint8Array) => Promise<EarlyCheck | undefined>;
/** A few commits, as when a log is followed, are checked in their turn: another thread would only make them wait. */
const lookLater: Look = () => Promise.resolve(undefined);
interface Arrived {
  readonly bytes: Uint8Array;
  readonly early: EarlyCheck | undefined;
}

async function* objectsAfter(
  store: LogStore,
  from: Chain | undefined,
  look: Look,
): AsyncGenerator<Arrived, void, undefined> {
  let number = from?.head.commit ?? 0;
  // From the key before the head, so that the answer shows whether the head is still there.
  let after = from === undefined ? undefined : commitKey(number - 1);
  let expectHead = from !== undefined;
  const read = from === undefined ? (key: string) => store.read(key) : guessing(store, number + 1);
  for (;;) {
    const keys = await ask(() => store.list(after));
    if (expectHead && keys[0] !== commitKey(number)) {
      throw new LogError('head-moved-back', `commit ${number} was there and is gone`, { commit: number });
    }
    const fresh = expectHead ? keys.slice(1) : keys;
    const looks = fresh.length < READ_AHEAD ? lookLater : look;
    for await (const [key, arrived] of readAhead(read, fresh, looks)) {
      number += 1;
      yield expectNext(number, key, arrived);
    }
    // Ends here although more may have been written since: a busy log must not keep its reader for ever.
    if (keys.length < LIST_PAGE) return;
    expectHead = false;
    after = keys.at(-1);
  }
}

type Read = LogStore['read'];

/** Reads what was asked for already without asking again, unless it was not there, or no answer came. */
function guessing(store: LogStore, first: number): Read {
  const guesses = new Map(
    Array.from({ length: GUESSED }, (_, i) => commitKey(first + i)).map((key) => [
      key,
      ask(() => store.read(key)).catch(() => undefined),
    ]),
  );
  return async (key) => (await guesses.get(key)) ?? store.read(key);
}

async function* readAhead(
  read: Read,
  keys: readonly string[],
  look: Look,
): AsyncGenerator<readonly [string, Arrived | undefined], void, undefined> {
  const arrive = async (key: string): Promise<Arrived | undefined> => {
    const bytes = await ask(() => read(key));
    return bytes && { bytes, early: await look(bytes) };
  };
  const underWay: Promise<Arrived | undefined>[] = [];
  for (const [i, key] of keys.entries()) {
    for (const next of keys.slice(i + underWay.length, i + READ_AHEAD)) {
      const reading = arrive(next);
      // A failure is met when its turn comes, or never if an earlier commit ends the reading.
      reading.catch(() => {});
      underWay.push(reading);
    }
    yield [key, await underWay.shift()];
  }
}

function expectNext(number: number, key: string, arrived: Arrived | undefined): Arrived {
  const found = commitNumber(key);
  if (found === undefined) throw new LogError('malformed', `${key} is not a commit`, { commit: number });
  if (found !== number || arrived === undefined) {
    throw new LogError('gap', `commit ${number} is missing, ${found} is listed`, { commit: number });
  }
  return arrived;
}

function checkBeginning({ chain: { origin }, entries }: VerifiedCommit, expected: Expected): void {
  if (expected.origin !== undefined && expected.origin !== origin) {
    throw new LogError('other-deployment', `the log is of ${origin}, not of ${expected.origin}`, {
      commit: 1,
    });
  }
  // Verified: the first record is log.opened. Its keys, not what a replacement in the same commit made of them.
  const { keys } = entries[0]!.record as LogOpened;
  const { trustedKeys } = expected;
  const untrusted = ROLES.find((role) => trustedKeys !== undefined && trustedKeys[role] !== keys[role]);
  if (untrusted !== undefined) {
    const text = `the log was opened with ${keys[untrusted]} for the ${untrusted}, which is not its trusted key`;
    throw new LogError('unknown-key', text, { commit: 1 });
  }
}

/** A place that was not read up to: of the keys before it nothing is known but their ids. */
function checkPlace({ head, keys }: Chain, expected: Expected): void {
  const { trustedKeys } = expected;
  const unknown = ROLES.find(
    (role) => trustedKeys !== undefined && !keys.usedIds.includes(parseVkey(trustedKeys[role]).keyId),
  );
  if (unknown !== undefined) {
    const text = `the trusted key of the ${unknown} is none that the log has had up to commit ${head.commit}`;
    throw new LogError('unknown-key', text, { commit: head.commit });
  }
  checkPassing(head.size - 1, head, expected);
}

function checkPassing(before: number, head: Head, { contains = [] }: Expected): void {
  for (const { size, rootHash } of contains) {
    if (size <= before || size > head.size || (size === head.size && rootHash === head.rootHash)) continue;
    const text = `commit ${head.commit}: the log does not contain the checkpoint of ${size} records seen before`;
    throw new LogError('root-mismatch', text, { commit: head.commit });
  }
}

/** The store's answer. LogError `store-unavailable` for whatever it throws, but for a LogError of its own. */
export async function ask<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (cause) {
    if (cause instanceof LogError) throw cause;
    throw new LogError('store-unavailable', 'the log cannot be reached', { cause });
  }
}
