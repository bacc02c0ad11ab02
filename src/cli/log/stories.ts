import {
  AUTHOR,
  type BreakglassRecord,
  type RequestAsked,
  type RequestSealed,
} from '../../domain/records.ts';
import { LogError } from '../../log/errors.ts';
import { readLog, type Expected } from '../../log/reader.ts';
import { FORMAT, type Entry, type LogRecord, type LogStore } from '../../log/types.ts';

/** A record that counts; null for one that this version does not understand or that the wrong role signed. */
export type Told = {
  readonly entry: Entry<LogRecord>;
  readonly record: BreakglassRecord | null;
  /** The signed checkpoint of its commit. */
  readonly checkpoint: string;
};

/** Every verified record in order. LogError when the log does not hold, after everything before that was handed out. */
export async function* tell(store: LogStore, expected: Expected): AsyncGenerator<Told> {
  let commits = 0;
  for await (const { chain, entries } of readLog(store, expected)) {
    commits += 1;
    for (const entry of entries)
      if (!entry.record.type.startsWith('log.'))
        yield { entry, record: counting(entry), checkpoint: chain.head.checkpoint };
  }
  if (commits === 0) throw new LogError('no-log', 'there is no log here');
}

/** The same rule as the product's: a newer format means nothing, and neither does a record of the other role. */
export function counting({ record, role }: Entry<LogRecord>): BreakglassRecord | null {
  if (record.format !== FORMAT || !Object.hasOwn(AUTHOR, record.type)) return null;
  return AUTHOR[record.type as keyof typeof AUTHOR] === role ? (record as BreakglassRecord) : null;
}

/** One line of the list. */
export type Listed = {
  readonly request: string;
  readonly askedAt: string;
  readonly workflow: string;
  readonly requester: string;
  /** How it ended; `not sealed` while it has not. */
  readonly outcome: string;
};

export const listed = ({ request, at, workflow, requester }: RequestAsked): Listed => ({
  request,
  askedAt: at,
  workflow: workflow.name,
  requester: requester.name,
  outcome: 'not sealed',
});

export const sealed = (before: Listed, { summary }: RequestSealed): Listed => ({
  ...before,
  outcome: summary.outcome,
});

/** Whether a record names the request, whatever its type: as what it is about, or as one of several. */
export const isAbout = ({ entry: { record } }: Told, id: string): boolean => {
  const { request, requests } = record as { request?: unknown; requests?: unknown };
  return request === id || (Array.isArray(requests) && requests.includes(id));
};
