import { SECOND } from '../domain/time.ts';
import type { Area } from './areas.ts';
import type { Sweeper } from './sweeper.ts';

/**
 * A tenth of what EC2 grants an account in a Region for describing: 100 calls at once, refilled by 20 a second (EC2 API
 * throttling, non-mutating actions).
 */
const AT_ONCE = 10;
const CALL_EVERY = SECOND / 2;

type Spender = Pick<Sweeper, 'clock' | 'memory'>;

const keyOf = ({ place: { account, region } }: Area): string => [account, region].join('|');

/** The sweep has asked EC2 so often. Areas of one account and Region share what is granted. */
export function spend({ clock, memory }: Spender, area: Area, calls: number): void {
  const { describesSpent } = memory;
  const from = Math.max(describesSpent.get(keyOf(area)) ?? 0, clock.monotonic());
  describesSpent.set(keyOf(area), from + calls * CALL_EVERY);
}

/** Milliseconds until the calls so far have used up no more than their share. */
export const restAfter = ({ clock, memory }: Spender, area: Area): number =>
  Math.max(0, (memory.describesSpent.get(keyOf(area)) ?? 0) - clock.monotonic());

/** The same for a look that cannot wait so long: what may be asked at once is there for it. */
export const restBefore = (spender: Spender, area: Area): number =>
  Math.max(0, restAfter(spender, area) - AT_ONCE * CALL_EVERY);
