import { LOOK_AHEAD, type LookOut } from './look-out.ts';

/** As many others, at most, are let pass: up to four processes take strict turns. */
const MOST_OTHERS = 3;
/** Whoever has waited for one commit less comes later by so much: more than processes differ in when they learn of a commit. */
const APART_MS = 8;
/** Whoever was beaten learns of it later by about a round trip than the winner, which leaves it that time. */
const AFTER_WINNING_MS = 24;
/** How often to look: whoever is next misses little, the others make few calls. */
const EVERY_MS = { next: 2, later: 8 };
/** For as long as most PUTs take. */
const ALONGSIDE = { ahead: LOOK_AHEAD, pauses: 16, everyMs: EVERY_MS.next };
/** At every 1,024th commit, whoever wrote since the one before lets the others pass for so long. */
const OPEN_HOUSE = { every: 1_024, ms: 120 };

/**
 * Whose turn it is while several processes have more to write than one commit takes. Creating the next object is a race,
 * and its winner knows of it before anybody else: unchecked, it would win the next one too, for ever. Nobody is told
 * anything; everybody follows the same rules.
 *
 * 1. Whoever has won lets as many others pass as it has learnt that there are, and then tries at once. Equally fast
 *    processes so take turns, and meet only while they find out how many they are: being beaten says that there is one
 *    more, having stood back in vain that there are fewer.
 * 2. Until it is its turn, a process looks. It tries before its turn only when whoever is next seems to have gone: when
 *    nobody came for a while, which is the longer the later it wrote itself.
 * 3. Alone it pauses for a moment all the same, so that one more of the same speed can come in between.
 * 4. At every 1,024th commit, who wrote lately stands back for long, so that a process several times slower than the
 *    others, which loses every equal race, meets no rival.
 *
 * So nobody waits for ever. And who does not race (nothing waited when its last commit ended) never stands back.
 */
export class Turns {
  /** Commits of others since our last one; a newcomer has waited longest of all. */
  #passed = Number.POSITIVE_INFINITY;
  /** How many others have as much to write; none: alone. */
  #others = 0;
  /** Nobody came while we stood back for this try. */
  #inVain = false;

  /** A pause before a commit that nobody else seems to be after. */
  get pauseMs(): number {
    return this.#others === 0 && this.#passed === 0 ? APART_MS : 0;
  }

  /** How long to look for somebody else's commit before writing the one after `head`; undefined: it is our turn. */
  lookOut(head: number): LookOut | undefined {
    const isOpenHouse = head % OPEN_HOUSE.every === 0 && this.#passed < OPEN_HOUSE.every;
    const ahead = this.#others - this.#passed;
    if (ahead <= 0 && !isOpenHouse) return undefined;
    const apart = Math.max(0, MOST_OTHERS - this.#passed) * APART_MS;
    const ms = apart + (this.#passed === 0 ? AFTER_WINNING_MS : 0) + (isOpenHouse ? OPEN_HOUSE.ms : 0);
    const everyMs = ahead === 1 ? EVERY_MS.next : EVERY_MS.later;
    return { ahead: 1, pauses: ms / everyMs, everyMs };
  }

  /** How to look while our commit is on its way, for whoever may be beaten at this moment; undefined: alone. */
  get alongside(): LookOut | undefined {
    if (this.#inVain || this.#passed > this.#others) return ALONGSIDE;
    return this.#others === 0 ? undefined : { ahead: 1, pauses: 0, everyMs: 0 };
  }

  /** We go for the next commit: now, or after having stood back in vain. */
  goes(inVain: boolean): void {
    this.#inVain = inVain;
  }

  /** A commit of somebody else is in the log. */
  passed(): void {
    this.#passed += 1;
  }

  /** A commit of ours is. */
  won(): void {
    if (this.#inVain) this.#others = Math.min(this.#others, this.#passed);
    this.#passed = 0;
  }

  /** Somebody else wrote the commit that we tried to write. */
  beaten(): void {
    if (!this.#inVain) this.#others = MOST_OTHERS;
  }
}
