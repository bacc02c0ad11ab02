import type { Identity, PersonFacts } from '../domain/person.ts';

/** Who people are, asked at the moment of a decision: answers are never older than the call. */
export interface Directory {
  /**
   * Facts about one person, with the membership in those of the given user groups they belong to.
   * No complete answer within two seconds is `null`: nobody is anybody, and the caller says so.
   */
  facts(identity: Identity, groups: readonly string[]): Promise<PersonFacts | null>;
}
