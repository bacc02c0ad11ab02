/** Parts that are the same in thousands of records, as a whole. */
const COMMON: ReadonlySet<string> = new Set(['workflow', 'target', 'identity', 'groups']);

/** What was seen lately. A memo and no state: what it forgets costs memory and changes nothing. */
class Seen<T> {
  /** More than what the requests of one time have in common. */
  static readonly #KEPT = 1_024;
  #recent = new Map<string, T>();
  #older = new Map<string, T>();

  /** The value that was given first under this key. */
  first(key: string, value: T): T {
    const known = this.#recent.get(key) ?? this.#older.get(key) ?? value;
    if (this.#recent.size >= Seen.#KEPT) [this.#older, this.#recent] = [this.#recent, new Map<string, T>()];
    this.#recent.set(key, known);
    return known;
  }
}

const texts = new Seen<string>();
const parts = new Seen<unknown>();

/**
 * Makes what is within a record one with equal parts of records given before, so that what thousands of them repeat (target,
 * workflow, people, ids) is held once. Replaces equal by equal in place: nobody can tell but by the memory.
 */
export function share(record: object): void {
  const fields = record as Record<string, unknown>;
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') fields[name] = texts.first(value, value);
    if (typeof value !== 'object' || value === null) continue;
    share(value);
    if (COMMON.has(name)) fields[name] = parts.first(JSON.stringify(value), value);
  }
}
