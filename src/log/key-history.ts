import type { Chain } from './chain.ts';
import {
  FORMAT,
  ROLES,
  type Entry,
  type KeyReplaced,
  type LogOpened,
  type LogRecord,
  type Role,
} from './types.ts';

/** One key of a role, and what it has signed. */
export interface KeyTerm {
  readonly role: Role;
  /** The verifier key. */
  readonly key: string;
  /** How many records it signed; some between the first and the last are the other role's. */
  readonly records: number;
  /** Indexes of the first and the last of them. */
  readonly first?: number;
  readonly last?: number;
  /** `at` of these two, by their writer's clock. */
  readonly from?: string;
  readonly to?: string;
}

/** The keys of a log in the order in which it names them: the last one of a role may sign for it. */
export type KeyHistory = readonly KeyTerm[];

/** At a place that is trusted without a look: of the keys before, nothing is known but their ids. */
export const historyFrom = ({ keys: { current } }: Chain): KeyHistory =>
  ROLES.map((role) => ({ role, key: current[role].text, records: 0 }));

/** With the next verified commit. */
export function historyAfter(history: KeyHistory, entries: readonly Entry<LogRecord>[]): KeyHistory {
  const [first, last] = [entries[0]!, entries.at(-1)!];
  const known = history.length === 0 ? openedWith(first.record as LogOpened) : history;
  const signer = known.findLast(({ role }) => role === first.role)!;
  const signed: KeyTerm = {
    ...signer,
    records: signer.records + entries.length,
    first: signer.first ?? first.index,
    last: last.index,
    from: signer.from ?? first.record.at,
    to: last.record.at,
  };
  return [...known.map((term) => (term === signer ? signed : term)), ...entries.flatMap(replacement)];
}

const openedWith = ({ keys }: LogOpened): KeyHistory =>
  ROLES.map((role) => ({ role, key: keys[role], records: 0 }));

function replacement({ role, record }: Entry<LogRecord>): KeyHistory {
  if (record.type !== 'log.key-replaced' || record.format !== FORMAT) return [];
  return [{ role, key: (record as KeyReplaced).key, records: 0 }];
}
