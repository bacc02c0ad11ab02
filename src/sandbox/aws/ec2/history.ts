/** How long the past is kept for describes that lag; the fault's own bound is shorter in practice. */
const HISTORY_MS = 60_000;

interface Past<Value> {
  /** Milliseconds of the monotonic clock until which this value held. */
  readonly until: number;
  readonly value: Value;
}

/** What was true a short while ago, by id, for describes that lag behind. */
export class History<Value> {
  readonly #past = new Map<string, Past<Value>[]>();

  /** Notes that this value held until now. */
  ended(id: string, value: Value): void {
    const now = performance.now();
    const kept = (this.#past.get(id) ?? []).filter((entry) => entry.until > now - HISTORY_MS);
    this.#past.set(id, [...kept, { until: now, value }]);
  }

  /** The value as it was that many milliseconds ago; `current` when it has not changed since. */
  asOf(id: string, current: Value, agoMs: number): Value {
    if (agoMs <= 0) return current;
    const instant = performance.now() - agoMs;
    return this.#past.get(id)?.find((entry) => entry.until > instant)?.value ?? current;
  }

  forget(id: string): void {
    this.#past.delete(id);
  }

  clear(): void {
    this.#past.clear();
  }
}
