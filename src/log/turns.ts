import type { LookOut } from './look-out.ts';

/** As many others, at most, are let pass: up to four processes take strict turns. */
const MOST_OTHERS = 3;
/** Whoever has waited for one commit less comes later by so much: more than busy processes differ in when they learn of it. */
const APART_MS = 24;
/** Whoever was beaten learns of it later by about a round trip than the winner, which leaves it that time. */
const AFTER_WINNING_MS = 24;
/** Who seems to be alone leaves a newcomer of the same speed so much time. */
const ALONE_MS = 10;
/** How soon to look again: whoever is next misses little, the others make few calls. */
const AGAIN_MS = { next: 2, later: 6 };
/** Each pause is so much longer than the one before: looks cost the processor time that the next commit is made with. */
const LONGER = 1.5;
/** For about as long as most PUTs take. */
const ALONGSIDE_MS = growing(AGAIN_MS.next, 32);
/** How many commits are looked for at once: more than are there make who was beaten late again, fewer never catch up. */
const AHEAD = { least: 2, most: 16 };
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
  #ahead = AHEAD.least;

  /** A pause before a commit that nobody else seems to be after. */
  get pauseMs(): number {
    return this.#others === 0 && this.#passed === 0 ? ALONE_MS : 0;
  }

  /** How many of the commits of others to look for once we are beaten. */
  get ahead(): number {
    return this.#ahead;
  }

  /** How long to look for somebody else's commit before writing the one after `head`; undefined: it is our turn. */
  lookOut(head: number): LookOut | undefined {
    const isOpenHouse = head % OPEN_HOUSE.every === 0 && this.#passed < OPEN_HOUSE.every;
    const ahead = this.#others - this.#passed;
    if (ahead <= 0 && !isOpenHouse) return undefined;
    const apart = Math.max(0, MOST_OTHERS - this.#passed) * APART_MS;
    const ms = apart + (this.#passed === 0 ? AFTER_WINNING_MS : 0) + (isOpenHouse ? OPEN_HOUSE.ms : 0);
    return { ahead: 1, pausesMs: growing(ahead === 1 ? AGAIN_MS.next : AGAIN_MS.later, ms) };
  }

  /** How to look while our commit is on its way, for whoever may be beaten at this moment; undefined: alone. */
  get alongside(): LookOut | undefined {
    if (this.#inVain || this.#passed > this.#others) return { ahead: this.#ahead, pausesMs: ALONGSIDE_MS };
    return this.#others === 0 ? undefined : { ahead: 1, pausesMs: [] };
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

  /** Somebody else wrote the commit that we tried to write, and so many were there by then. */
  beaten(found: number): void {
    if (found >= this.#ahead) this.#ahead = Math.min(this.#ahead * 2, AHEAD.most);
    else if (found <= this.#ahead / 2) this.#ahead = Math.max(this.#ahead / 2, AHEAD.least);
    if (!this.#inVain) this.#others = MOST_OTHERS;
  }
}

/** Pauses of so much in all, the first as short as this and each longer than the one before. */
function growing(first: number, ms: number): number[] {
  const pauses: number[] = [];
  let left = ms;
  for (let next = first; left > 0; next = Math.ceil(next * LONGER)) {
    pauses.push(Math.min(next, left));
    left -= next;
  }
  return pauses;
}
