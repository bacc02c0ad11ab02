import type { BreakglassRecord, RecordType } from '../../../src/domain/records.ts';
import { commitKey } from '../../../src/log/commit.ts';
import { SandboxClientError, type SandboxClient } from '../../../src/sandbox/client.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { eventually } from '../eventually.ts';

export type RecordOf<T extends RecordType> = Extract<BreakglassRecord, { type: T }>;

const BESIDE: ReadonlySet<RecordType> = new Set(['messages.posted', 'thread.kept', 'summary.written']);

/** The log as it lies in the bucket, read object by object; nothing of the product's own reader is in between. */
export class OutsideLog {
  readonly #client: SandboxClient;
  readonly #commits: BreakglassRecord[][] = [];
  #reading: Promise<unknown> = Promise.resolve();

  constructor(client: SandboxClient) {
    this.#client = client;
  }

  /** Every record, oldest first. */
  records(): Promise<BreakglassRecord[]> {
    const read = this.#reading.then(() => this.#read());
    this.#reading = read.catch(() => undefined);
    return read;
  }

  async #read(): Promise<BreakglassRecord[]> {
    for (;;) {
      const text = await this.#object(this.#commits.length + 1);
      if (text === undefined) return this.#commits.flat();
      const [records = ''] = text.split('\n\n', 1);
      this.#commits.push(records.split('\n').map((line) => JSON.parse(line) as BreakglassRecord));
    }
  }

  /** Objects in the log. */
  async commits(): Promise<number> {
    await this.records();
    return this.#commits.length;
  }

  /** Records of one type; of one request when it is given. */
  async all<T extends RecordType>(type: T, request?: string): Promise<RecordOf<T>[]> {
    return (await this.records()).filter(
      (record): record is RecordOf<T> =>
        record.type === type &&
        (request === undefined || ('request' in record && record.request === request)),
    );
  }

  /** The types of one request's records, in order, without those about messages and about what is kept for people to read. */
  async story(request: string): Promise<RecordType[]> {
    return (await this.records())
      .filter((record) => 'request' in record && record.request === request)
      .map(({ type }) => type)
      .filter((type) => !BESIDE.has(type));
  }

  /** The first record of this type about this request, as soon as it is there. */
  until<T extends RecordType>(type: T, request: string, withinMs: number): Promise<RecordOf<T>> {
    return eventually(
      `a record ${type} of ${request}`,
      withinMs,
      async () => (await this.all(type, request))[0],
    );
  }

  /** Key of the object that holds the first record of this type about this request. */
  async keyOf(type: RecordType, request: string): Promise<string> {
    await this.records();
    const position = this.#commits.findIndex((records) =>
      records.some((record) => record.type === type && 'request' in record && record.request === request),
    );
    return commitKey(position + 1);
  }

  async #object(number: number): Promise<string | undefined> {
    try {
      return (await this.#client.awsObject(AWS_WORLD.logBucket, commitKey(number))).text;
    } catch (error) {
      if (error instanceof SandboxClientError && error.message.startsWith('NoSuchKey')) return undefined;
      throw error;
    }
  }
}
