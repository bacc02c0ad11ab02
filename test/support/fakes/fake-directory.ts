import { type Identity, identityKey, type PersonFacts } from '../../../src/domain/person.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Directory } from '../../../src/ports/directory.ts';

export type FakePerson = Omit<PersonFacts, 'checkedAt'>;

/** People by identity, as they are at the moment of the question. `silent` = no complete answer in time. */
export class FakeDirectory implements Directory {
  silent = false;
  readonly asked: Identity[] = [];
  readonly #clock: Clock;
  readonly #people = new Map<string, FakePerson>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** Adds a person with sensible defaults, or replaces one. */
  add(
    user: string,
    facts: Partial<Omit<FakePerson, 'identity'>> & { readonly identity?: Identity } = {},
  ): FakePerson {
    const person: FakePerson = {
      identity: { enterprise: null, team: 'T0TEST', user },
      name: user.toLowerCase(),
      email: `${user.toLowerCase()}@example.com`,
      active: true,
      bot: false,
      guest: false,
      stranger: false,
      groups: [],
      ...facts,
    };
    this.#people.set(identityKey(person.identity), person);
    return person;
  }

  /** Changes somebody who is there: leaves a group, is deactivated. */
  change(identity: Identity, facts: Partial<Omit<FakePerson, 'identity'>>): void {
    const person = this.#people.get(identityKey(identity));
    if (person === undefined) throw new Error(`nobody is ${identityKey(identity)}`);
    this.#people.set(identityKey(identity), { ...person, ...facts });
  }

  facts(identity: Identity, groups: readonly string[]): Promise<PersonFacts | null> {
    this.asked.push(identity);
    const person = this.#people.get(identityKey(identity));
    if (this.silent || person === undefined) return Promise.resolve(null);
    const asked = person.groups.filter((group) => groups.includes(group));
    return Promise.resolve({ ...person, groups: asked, checkedAt: this.#clock.now() });
  }
}
