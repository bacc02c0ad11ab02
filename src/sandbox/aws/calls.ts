/** One call as the outside list shows it. */
export interface RecordedCall {
  /** ISO 8601 with milliseconds: when the call was carried out. */
  readonly at: string;
  readonly service: string;
  readonly action: string;
  readonly account: string;
  readonly region: string;
  /** ARN of the assumed role, or of the user; null when the credentials were not known. */
  readonly role: string | null;
  readonly ok: boolean;
  readonly code?: string;
  readonly requestId: string;
  readonly input: unknown;
}

/** Bound of the list; the oldest half goes when it is reached. */
const MAX_CALLS = 200_000;

/** The list of every call made, independent of what the product says it did. Kept in memory only. */
export class Calls {
  #calls: RecordedCall[] = [];

  record(call: RecordedCall): void {
    this.#calls.push(call);
    if (this.#calls.length > MAX_CALLS) this.#calls = this.#calls.slice(MAX_CALLS / 2);
  }

  /** Calls at or after `since` (epoch milliseconds), oldest first. */
  since(since: number): readonly RecordedCall[] {
    return this.#calls.filter((call) => Date.parse(call.at) >= since);
  }

  clear(): void {
    this.#calls = [];
  }
}
