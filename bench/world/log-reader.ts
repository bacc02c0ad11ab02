import type { BreakglassRecord, RecordType } from '../../src/domain/records.ts';
import { AUTHOR } from '../../src/domain/records.ts';
import type { Chain } from '../../src/log/chain.ts';
import { readLog, type Expected } from '../../src/log/reader.ts';
import type { LogStore } from '../../src/log/types.ts';
import { verifyLog, type VerifyReport } from '../../src/log/verify.ts';

export type RecordOf<T extends RecordType> = Extract<BreakglassRecord, { type: T }>;

type Keys = NonNullable<Expected['trustedKeys']>;

/** The log as any auditor reads it: every commit verified, with the keys that this deployment was given. */
export class LogReader {
  readonly #store: LogStore;
  readonly #trustedKeys: Keys;
  readonly #byRequest = new Map<string, BreakglassRecord[]>();
  #chain: Chain | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(store: LogStore, trustedKeys: Keys) {
    this.#store = store;
    this.#trustedKeys = trustedKeys;
  }

  /** Reads what is new. */
  refresh(): Promise<void> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  /** What was read of one request, in order. */
  of(request: string): readonly BreakglassRecord[] {
    return this.#byRequest.get(request) ?? [];
  }

  one<T extends RecordType>(type: T, request: string): RecordOf<T> | undefined {
    return this.all(type, request)[0];
  }

  all<T extends RecordType>(type: T, request: string): RecordOf<T>[] {
    return this.of(request).filter((record): record is RecordOf<T> => record.type === type);
  }

  /** Every request with a record of this type. */
  every<T extends RecordType>(type: T): RecordOf<T>[] {
    return [...this.#byRequest.values()]
      .flat()
      .filter((record): record is RecordOf<T> => record.type === type);
  }

  /** The whole of it, from the first commit. */
  verify(): Promise<VerifyReport> {
    return verifyLog(this.#store, {
      trustedKeys: this.#trustedKeys,
      authorOf: (type) => AUTHOR[type as RecordType],
    });
  }

  async #read(): Promise<void> {
    for await (const { chain, entries } of readLog(
      this.#store,
      { trustedKeys: this.#trustedKeys },
      this.#chain,
    )) {
      this.#chain = chain;
      for (const { record } of entries as readonly { record: unknown }[] as readonly {
        record: BreakglassRecord;
      }[]) {
        if (!('request' in record) || record.request === null) continue;
        const known = this.#byRequest.get(record.request);
        if (known === undefined) this.#byRequest.set(record.request, [record]);
        else known.push(record);
      }
    }
  }
}
