import { createPrivateKey } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { BreakglassRecord, RecordRef } from '../../src/domain/records.ts';
import {
  generateKey,
  openLog,
  pemSigner,
  RETRY_DELAYS_MS,
  vkeyOf,
  type Log,
  type LogStore,
  type Role,
} from '../../src/log/index.ts';
import { AWS_WORLD } from '../../src/sandbox/world.ts';
import { grant } from './grants.ts';
import {
  approved,
  asked,
  closed,
  opened,
  posted,
  sealed,
  summarised,
  threadKept,
  type Grant,
} from './records.ts';

/** Requests whose records are written together: no commit comes near 1,000 records. */
const TOGETHER = 250;
/** Of one request from the question to its last message. */
const RECORDS_OF_A_REQUEST = 13;
const LONG_AGO_MS = 30 * 86_400_000;
const OLD_FROM = 1_000_000;

/** Writes a log as bot and workers would have, much faster: the same library, the same keys, the same records. */
export class History {
  readonly #logs: Readonly<Record<Role, Log<null, BreakglassRecord>>>;
  #requests = 0;

  private constructor(logs: Readonly<Record<Role, Log<null, BreakglassRecord>>>) {
    this.#logs = logs;
  }

  /** With keys of its own unless some are given, in PEM; `origin` is the deployment's name. */
  static async begin(
    store: LogStore,
    { origin = 'bench', keys = { bot: generateKey(), worker: generateKey() } } = {},
  ): Promise<History> {
    const vkey = (role: Role): string => vkeyOf(origin, createPrivateKey(keys[role]));
    const create = { at: new Date().toISOString(), keys: { bot: vkey('bot'), worker: vkey('worker') } };
    const open = (role: Role) =>
      openLog<null, BreakglassRecord>({
        store,
        signer: pemSigner(role, origin, keys[role]),
        projection: { initial: null, fold: () => null },
        create,
        patience: { retryDelaysMs: RETRY_DELAYS_MS, wait: (ms) => pause(ms) },
      });
    const bot = await open('bot');
    return new History({ bot, worker: await open('worker') });
  }

  /** Requests that are long over, of about so many records. */
  async sealed(records: number): Promise<void> {
    const requests = Math.ceil(records / RECORDS_OF_A_REQUEST);
    for (let left = requests; left > 0; left -= TOGETHER) {
      const grants = Array.from({ length: Math.min(left, TOGETHER) }, () => this.#old());
      await this.#whole(grants);
    }
  }

  /** Windows that are open now. */
  async live(grants: readonly Grant[]): Promise<void> {
    for (let from = 0; from < grants.length; from += TOGETHER) {
      const some = grants.slice(from, from + TOGETHER);
      await this.#opened(some);
      await this.#write(
        'bot',
        some.map(({ request, askedAt }) => posted(request, askedAt, 'card')),
      );
    }
  }

  async #opened(grants: readonly Grant[]) {
    const questions = grants.map(asked);
    const decisions = questions.flatMap((question) => [
      question,
      approved(question, Date.parse(question.at) + 4_000),
    ]);
    const asking = await this.#write('bot', decisions);
    const approvals = asking.filter((_, position) => position % 2 === 1).map(({ index }) => index);
    const opening = await this.#write(
      'worker',
      grants.flatMap((each, n) => opened(each, approvals[n] ?? 0)),
    );
    return { questions, references: [asking, opening] };
  }

  async #whole(grants: readonly Grant[]): Promise<void> {
    const { questions, references } = await this.#opened(grants);
    const cards = grants.map(({ request, askedAt }) => posted(request, askedAt, 'card'));
    references.push(await this.#write('bot', cards));
    references.push(await this.#write('worker', grants.flatMap(closed)));
    const recordsOf = (n: number): RecordRef[] =>
      references.flatMap((all) => {
        const each = all.length / grants.length;
        return all.slice(n * each, (n + 1) * each);
      });
    const threads = grants.map(({ request, deadline }) => threadKept(request, deadline * 1000 + 4_450));
    references.push(await this.#write('bot', threads));
    const [seal] = await this.#write(
      'worker',
      questions.flatMap((question, n) =>
        grants.slice(n, n + 1).map((each) => sealed(each, question, recordsOf(n))),
      ),
    );
    await this.#write(
      'bot',
      grants.map(({ request, deadline }) => posted(request, deadline * 1000, 'sealed')),
    );
    // All of them travelled in one commit.
    await this.#write(
      'worker',
      grants.map(({ request, deadline }) => summarised(request, deadline * 1000, seal?.commit ?? 0)),
    );
  }

  async #write(role: Role, records: readonly BreakglassRecord[]): Promise<RecordRef[]> {
    const log = this.#logs[role];
    await log.refresh();
    const { entries } = await log.append(() => ({ records, result: null }));
    return entries.map(({ index, commit, leafHash }) => ({
      index,
      commit,
      leaf: Buffer.from(leafHash).toString('hex'),
    }));
  }

  /** Far away from the numbers of what is live. */
  #old(): Grant {
    this.#requests += 1;
    const askedAt = Date.now() - LONG_AGO_MS + this.#requests * 100;
    const group = AWS_WORLD.securityGroups[0].id;
    return grant(OLD_FROM + this.#requests, group, askedAt, Math.floor(askedAt / 1000) + 900);
  }
}
