import type { SweepReported, TrailCompared } from '../domain/records.ts';
import { SECOND } from '../domain/time.ts';
import type { State } from '../domain/state.ts';
import type { SecurityChannel } from '../ports/security-channel.ts';
import { describe } from './errors.ts';
import { inChannel, SKEW_SECONDS } from './find-messages.ts';
import { boltLogger, type Logger } from './logger.ts';
import { comparison } from './messages/activity.ts';
import type { Rendered } from './messages/blocks.ts';
import { finding } from './messages/finding.ts';
import { Postbox } from './postbox.ts';
import { background, type ApiOptions } from './web-clients.ts';

/** In place of a request: findings belong to none. */
const SWEEP = 'sweep';

const told = (record: SweepReported | TrailCompared): Rendered =>
  record.type === 'trail.compared' ? comparison(record) : finding(record);

/** Findings of the sweep, and of comparing the log with CloudTrail, in the channel of that id. */
export function createSecurityChannel(
  channel: string,
  options: ApiOptions & { readonly logger: Logger },
): SecurityChannel {
  return new SlackSecurityChannel(
    channel,
    new Postbox(background(options, boltLogger(options.logger)), options.logger),
    options.logger,
  );
}

class SlackSecurityChannel implements SecurityChannel {
  readonly #channel: string;
  readonly #postbox: Postbox;
  readonly #logger: Logger;
  readonly #said = new Set<string>();

  constructor(channel: string, postbox: Postbox, logger: Logger) {
    this.#channel = channel;
    this.#postbox = postbox;
    this.#logger = logger;
  }

  async report(findings: State['findings']): Promise<void> {
    for (const key of this.#said) if (!findings.has(key)) this.#said.delete(key);
    try {
      await this.#say(findings.deleteAll(this.#said));
    } catch (error) {
      this.#logger.warn({ reason: describe(error) }, 'a finding could not be told');
      throw error;
    }
  }

  /** Another bot, or this one before a crash, may have said some of them: the channel itself is asked. */
  async #say(unsaid: State['findings']): Promise<void> {
    const oldest = unsaid.first();
    if (oldest === undefined) return;
    const since = Date.parse(oldest.at) / SECOND - SKEW_SECONDS;
    const finder = await this.#postbox.finder();
    for (const key of (await inChannel(finder, SWEEP, this.#channel, since)).keys()) this.#said.add(key);
    for (const [key, record] of unsaid.deleteAll(this.#said)) {
      await this.#postbox.post({ request: SWEEP, key }, { channel: this.#channel }, told(record));
      this.#said.add(key);
    }
  }
}
