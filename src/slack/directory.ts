import type { WebClient } from '@slack/web-api';

import type { Identity, PersonFacts } from '../domain/person.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import { describe, slackCode } from './errors.ts';
import { boltLogger, type Logger } from './logger.ts';
import { NextAnswer } from './next-answer.ts';
import { decisive, type ApiOptions } from './web-clients.ts';

export type DirectoryOptions = ApiOptions & { readonly clock: Clock; readonly logger: Logger };

/** No complete answer in this time is none. */
const ANSWER_WITHIN_MS = 2_000;

export const createDirectory = (options: DirectoryOptions): Directory =>
  new SlackDirectory(decisive(options, boltLogger(options.logger)), options);

/** The account as `users.info` shows it (docs.slack.dev/reference/objects/user-object); `null` is one Slack does not show us. */
type Account = NonNullable<Awaited<ReturnType<WebClient['users']['info']>>['user']> | null;

/** Slack as it is at the call: nothing is kept from one decision to the next. */
class SlackDirectory implements Directory {
  readonly #client: WebClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #accounts = new NextAnswer<Account>();
  readonly #groups = new NextAnswer<readonly string[]>();
  readonly #warned = new Set<string>();
  /** Fixed for the life of a token, and no fact about anybody who decides. */
  #home: Promise<Home> | undefined;

  constructor(client: WebClient, { clock, logger }: DirectoryOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
  }

  async facts(identity: Identity, groups: readonly string[]): Promise<PersonFacts | null> {
    const checkedAt = this.#clock.now();
    const limit = new AbortController();
    try {
      const answer = await Promise.race([
        this.#ask(identity, [...new Set(groups)], checkedAt),
        this.#clock.pause(ANSWER_WITHIN_MS, limit.signal).then(() => null),
      ]);
      if (answer === null) this.#logger.warn({ user: identity.user }, 'the directory did not answer in time');
      return answer;
    } catch (error) {
      this.#logger.warn({ user: identity.user, reason: describe(error) }, 'the directory gave no answer');
      return null;
    } finally {
      limit.abort();
    }
  }

  async #ask(identity: Identity, groups: readonly string[], checkedAt: number): Promise<PersonFacts> {
    const [home, account, members] = await Promise.all([
      this.#homeOf(),
      this.#accounts.ask(identity.user, () => this.#account(identity.user)),
      Promise.all(groups.map((group) => this.#groups.ask(group, () => this.#members(group)))),
    ]);
    const belongsTo = groups.filter((_, position) => members[position]?.includes(identity.user) === true);
    return account === null
      ? { ...nobody(identity), checkedAt }
      : { ...factsOf(account, identity, home), groups: belongsTo, checkedAt };
  }

  async #account(user: string): Promise<Account> {
    try {
      const { user: account } = await this.#client.users.info({ user });
      if (account === undefined) throw new Error('users.info answered without a user');
      return account;
    } catch (error) {
      if (INVISIBLE.has(slackCode(error) ?? '')) return null;
      throw error;
    }
  }

  async #members(usergroup: string): Promise<readonly string[]> {
    try {
      const { users } = await this.#client.usergroups.users.list({ usergroup, include_disabled: false });
      if (users === undefined) throw new Error('usergroups.users.list answered without users');
      return users;
    } catch (error) {
      const code = slackCode(error) ?? '';
      if (!MEMBERLESS.has(code)) throw error;
      if (!this.#warned.has(usergroup))
        this.#logger.warn({ usergroup, reason: code }, 'a user group has no members');
      this.#warned.add(usergroup);
      return [];
    }
  }

  #homeOf(): Promise<Home> {
    this.#home ??= this.#client.auth.test().then(({ team_id: team = '', enterprise_id: enterprise }) => ({
      team,
      enterprise: enterprise ?? null,
    }));
    this.#home.catch(() => (this.#home = undefined));
    return this.#home;
  }
}

type Home = { readonly team: string; readonly enterprise: string | null };

/** Answers about accounts that are not part of the organisation. */
const INVISIBLE: ReadonlySet<string> = new Set(['user_not_found', 'user_not_visible', 'users_not_found']);
/** Answers that mean for certain that a group makes nobody a member: gone, disabled, or not part of the plan. */
const MEMBERLESS: ReadonlySet<string> = new Set([
  'plan_upgrade_required',
  'no_such_subteam',
  'subteam_not_found',
]);

/** The directory's own ids are used, so that one person is one identity however a click described them. */
function factsOf(
  account: NonNullable<Account>,
  asked: Identity,
  home: Home,
): Omit<PersonFacts, 'groups' | 'checkedAt'> {
  const enterprise = account.enterprise_user?.enterprise_id ?? null;
  const team = account.team_id ?? asked.team;
  const sameOrganisation = team === home.team || (enterprise !== null && enterprise === home.enterprise);
  const email = account.profile?.email?.trim().toLowerCase();
  return {
    identity: { enterprise, team, user: account.id ?? asked.user },
    name: nameOf(account),
    email: email === undefined || email === '' ? null : email,
    active: account.deleted !== true,
    bot: account.is_bot === true || account.id === 'USLACKBOT',
    guest: account.is_restricted === true || account.is_ultra_restricted === true,
    stranger: account.is_stranger === true || !sameOrganisation,
  };
}

const nobody = (identity: Identity): Omit<PersonFacts, 'checkedAt'> => ({
  identity,
  name: identity.user,
  email: null,
  active: true,
  bot: false,
  guest: false,
  stranger: true,
  groups: [],
});

/** One line, of a length that fits everywhere; what it may look like is settled where it is shown. */
function nameOf({ real_name: name, profile, id = '' }: NonNullable<Account>): string {
  const text = [name, profile?.real_name, id].find(
    (candidate) => candidate !== undefined && candidate.trim() !== '',
  );
  return [...(text ?? id).replaceAll(/[\p{C}\s]+/gu, ' ').trim()].slice(0, 80).join('');
}
