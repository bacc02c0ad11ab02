import type { EpochMs } from './time.ts';

/** Who somebody is to Slack: never a display name. `enterprise` is null outside an Enterprise organisation. */
export type Identity = {
  readonly enterprise: string | null;
  readonly team: string;
  readonly user: string;
};

/** An identity with what people and the directory call it; both texts are data, to be escaped where they are shown. */
export type Person = {
  readonly identity: Identity;
  readonly name: string;
  /** Lower-case address from the directory; null where it has none. */
  readonly email: string | null;
};

/** What the directory said about a person at one instant. Decisions about people are made on nothing else. */
export type PersonFacts = Person & {
  readonly active: boolean;
  readonly bot: boolean;
  readonly guest: boolean;
  /** From another organisation, as in a shared channel. */
  readonly stranger: boolean;
  /** Ids of the user groups the person is a member of, among those that were asked about. */
  readonly groups: readonly string[];
  readonly checkedAt: EpochMs;
};

/** A list of people as a workflow names it: user groups, single users, or both. */
export type Members = {
  readonly groups: readonly string[];
  readonly users: readonly string[];
};

export const identityKey = ({ enterprise, team, user }: Identity): string =>
  `${enterprise ?? ''}/${team}/${user}`;

/**
 * Two accounts are one person when they share a user id (in whatever workspace of an organisation) or a directory address:
 * taken for one too often costs a second click, taken for two costs the second person.
 */
export function samePerson(a: Person, b: Person): boolean {
  if (a.identity.user === b.identity.user) return true;
  return a.email !== null && a.email === b.email;
}

export const isMember = (facts: PersonFacts, members: Members): boolean =>
  members.users.includes(facts.identity.user) || members.groups.some((group) => facts.groups.includes(group));

export const personOf = ({ identity, name, email }: Person): Person => ({ identity, name, email });
