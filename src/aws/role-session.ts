import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';

import { AccessError } from '../ports/access.ts';
import { dateRefusals } from './date-refusals.ts';
import { accessError } from './errors.ts';

type Options = Parameters<typeof fromTemporaryCredentials>[0];
type Assume = ReturnType<typeof fromTemporaryCredentials>;
type Credentials = Awaited<ReturnType<Assume>>;

/** What every role allows, and the most that chained roles are given (AssumeRole, DurationSeconds). */
const SESSION_SECONDS = 3_600;
/** From half-time on they are renewed while they still serve: STS may be away for half an hour. */
const RENEW_AFTER_MS = 1_800_000;
/** Not used up to the last moment: a call that leaves now has to be believed when it arrives. */
const USABLE_MS = 3_540_000;
/** No call waits longer for STS. */
const ANSWER_WITHIN_MS = 4_000;
/** How soon STS is asked again after it failed, while the old ones still serve. */
const RENEW_AGAIN_AFTER_MS = 10_000;

export type RoleSessionOptions = Pick<Options, 'masterCredentials' | 'clientConfig'> & {
  readonly roleArn: string;
  readonly sessionName: string;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
};

/**
 * Credentials of one role, fetched once for everybody and renewed early. Their age counts from before they were asked for, on
 * the monotonic clock: no jump of the wall clock makes good ones useless.
 */
export class RoleSession {
  readonly #monotonic: () => number;
  readonly #roleArn: string;
  readonly #assume: Assume;
  #held: { readonly credentials: Credentials; readonly since: number } | undefined;
  #fetching: Promise<Credentials> | undefined;
  #renewNotBefore = Number.NEGATIVE_INFINITY;

  constructor({ roleArn, sessionName, monotonic, ...options }: RoleSessionOptions) {
    this.#monotonic = monotonic;
    this.#roleArn = roleArn;
    const params = { RoleArn: roleArn, RoleSessionName: sessionName, DurationSeconds: SESSION_SECONDS };
    this.#assume = fromTemporaryCredentials({ ...options, params, clientPlugins: [dateRefusals] });
  }

  /** Those at hand while they serve; otherwise new ones. Throws AccessError when STS gives none, within four seconds. */
  async credentials(): Promise<Credentials> {
    const held = this.#held;
    const age = held === undefined ? Infinity : this.#monotonic() - held.since;
    if (held === undefined || age >= USABLE_MS) return this.#fetch();
    // The wall clock may be wrong; asking too early costs one call.
    const looksSpent = (held.credentials.expiration?.getTime() ?? Infinity) <= Date.now();
    if (age >= RENEW_AFTER_MS || looksSpent) this.#renew();
    return held.credentials;
  }

  #renew(): void {
    const now = this.#monotonic();
    if (now < this.#renewNotBefore) return;
    this.#renewNotBefore = now + RENEW_AGAIN_AFTER_MS;
    this.#fetch().catch(() => undefined);
  }

  #fetch(): Promise<Credentials> {
    this.#fetching ??= this.#ask().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #ask(): Promise<Credentials> {
    const doing = `take the role ${this.#roleArn}`;
    const since = this.#monotonic();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const late = () => reject(new AccessError('unreachable', `could not ${doing}: STS did not answer`));
      timer = setTimeout(late, ANSWER_WITHIN_MS);
    });
    try {
      const credentials = await Promise.race([this.#assume(), tooLate]);
      this.#held = { credentials, since };
      return credentials;
    } catch (error) {
      throw accessError(error, 'read', doing);
    } finally {
      clearTimeout(timer);
    }
  }
}
