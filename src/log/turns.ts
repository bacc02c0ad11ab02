/** Somebody else is taken to be writing too until this many commits of ours in a row say otherwise. */
const MEMORY = 8;
/** Whoever waited while this many commits of others went by tries at once. */
const PATIENCE = 3;
const ALONE = 2;
/** At every 128th commit, whoever wrote since the one before lets the others pass for as long as four reads take. */
const OPEN_HOUSE = { every: 128, looks: 4 };

/**
 * Whose turn it is while several processes have more to write than one commit takes. Creating the next object is a race,
 * and its winner knows of it before anybody else: unchecked, it would win the next one too, for ever. Nobody is told
 * anything; everybody follows the same rules.
 *
 * 1. Whoever has won stands back before it tries again. Alone, by two steps: that moves its beat against that of a process
 *    it does not know of, which so hits the gap after at most round trip / two steps commits. Not alone, by one look at the
 *    store and three steps: time enough for a loser, which learnt of the commit alongside its own try, to be first.
 * 2. Every commit of others brings a process a step forward: the one that has waited longest tries first, so that equally
 *    fast processes take turns.
 * 3. At every 128th commit, who wrote lately stands back for four looks, so that a process several times slower than the
 *    others, which loses every equal race, meets no rival.
 *
 * So nobody waits for ever. And who does not race (nothing waited when its last commit ended) never stands back.
 */
export class Turns {
  /** Commits of others since our last one; a newcomer has waited longest of all. */
  #lost = Number.POSITIVE_INFINITY;
  /** Commits of ours since the last one of others. */
  #alone = MEMORY;

  /** A commit of ours is in the log. */
  won(): void {
    this.#lost = 0;
    this.#alone += 1;
  }

  /** A commit of somebody else is. */
  lost(): void {
    this.#lost += 1;
    this.#alone = 0;
  }

  /** Others have written lately. */
  get contended(): boolean {
    return this.#alone < MEMORY;
  }

  /** How often to look for somebody else's commit before writing the one after `head`; the first one found ends it. */
  looks(head: number): number {
    if (head % OPEN_HOUSE.every === 0 && this.#lost < OPEN_HOUSE.every) return OPEN_HOUSE.looks;
    return this.#lost === 0 && this.contended ? 1 : 0;
  }

  /** Steps to wait then. */
  get steps(): number {
    return this.contended ? Math.max(0, PATIENCE - this.#lost) : ALONE;
  }
}
