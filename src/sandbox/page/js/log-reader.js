/** The log's objects, read as they appear: the page has no other source for what happened when. */
import { control } from './control.js';
import { parseCommit } from './log-commit.js';

/** @import { Store } from './store.js' */
/** @import { LogRecord } from './types.d.ts' */

/** How far back the first look goes; a request seldom spans more commits. */
const LOOK_BACK = 150;

/**
 * @param {Store} store
 * @param {(log: { records: LogRecord[], size: number | undefined }) => void} changed All records read so far, in the
 *   order of the log, and how many the newest checkpoint covers.
 */
export function followLog(store, changed) {
  /** @type {Map<string, ReturnType<typeof parseCommit>>} */
  const read = new Map();
  let bucket = '';
  let busy = false;

  const readOne = async (/** @type {string} */ key) => {
    const { text } = await control('aws/object', { bucket, key });
    read.set(key, parseCommit(text));
  };
  const catchUp = async () => {
    if (busy || !store.log) return;
    busy = true;
    try {
      if (forgotten()) read.clear();
      for (let missing = wanted(); missing.length > 0; missing = wanted()) {
        await Promise.all(missing.map(readOne));
        tell();
      }
      tell();
    } catch {
      setTimeout(() => void catchUp(), 2000);
    } finally {
      busy = false;
    }
  };
  /** Another bucket, or an emptied one: the world was reset. */
  const forgotten = () => {
    const other = bucket !== store.log?.bucket || [...read.keys()].some((key) => !store.log?.keys.has(key));
    bucket = store.log?.bucket ?? '';
    return other;
  };
  const wanted = () =>
    inOrder([...(store.log?.keys ?? [])])
      .slice(-LOOK_BACK)
      .filter((key) => !read.has(key))
      .slice(0, 20);
  const tell = () => {
    const commits = inOrder([...read.keys()]).map((key) => read.get(key));
    const size = commits.at(-1)?.size;
    const records = commits.flatMap((commit) => commit?.records ?? []);
    changed({ records, size: size ?? (records.length > 0 ? records.length : undefined) });
  };
  store.on(['log'], () => void catchUp());
}

/** Numbers in keys count as numbers, padded or not. @param {string[]} keys */
function inOrder(keys) {
  return keys.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}
