import { SECOND } from '../domain/time.ts';
import type { Area } from './areas.ts';
import type { Sweeper } from './sweeper.ts';

/**
 * The share of one worker: a twentieth of what EC2 grants an account in a Region for describing, which is 100 calls at once,
 * refilled by 20 a second (EC2 API throttling, non-mutating actions). Two workers together use a tenth; each further one
 * adds a twentieth.
 */
const AT_ONCE = 5;
const CALL_EVERY = SECOND;
/** What is due, or has failed, waits no longer than this for its calls, and may exceed the share. */
const LONGEST_REST = 5 * SECOND;
/** For what was asked beyond the share all the same regular looks are rarer, but no rarer than this. */
const LONGEST_DEBT = 60 * SECOND;

type Spender = Pick<Sweeper, 'clock' | 'memory'>;

const keyOf = ({ place: { account, region } }: Area): string => [account, region].join('|');

/** The sweep has asked EC2 so often. Areas of one account and Region share what is granted. */
export function spend({ clock, memory }: Spender, area: Area, calls: number): void {
  const { describesSpent } = memory;
  const now = clock.monotonic();
  const from = Math.max(describesSpent.get(keyOf(area)) ?? 0, now);
  describesSpent.set(keyOf(area), Math.min(from + calls * CALL_EVERY, now + LONGEST_DEBT));
}

/** Milliseconds until the calls so far have used up no more than their share. */
export const restAfter = ({ clock, memory }: Spender, area: Area): number =>
  Math.max(0, (memory.describesSpent.get(keyOf(area)) ?? 0) - clock.monotonic());

/** The same for a look that cannot wait so long: what may be asked at once is there for it. */
export const restBefore = (spender: Spender, area: Area): number =>
  Math.min(LONGEST_REST, Math.max(0, restAfter(spender, area) - AT_ONCE * CALL_EVERY));
