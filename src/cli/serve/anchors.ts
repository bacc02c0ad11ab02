import { Anchoring } from '../../lifecycle/anchoring.ts';
import { Rounds } from '../../lifecycle/rounds.ts';
import type { Anchor } from '../../ports/anchor.ts';
import type { BreakglassLog } from '../../ports/log.ts';
import { systemClock } from '../system-clock.ts';
import type { Process } from './process.ts';

const KEY = 'anchor';
/** Whoever keeps our checkpoints may be away for days; the next one covers what this one would have. */
const RETRY_AT_MOST = 5 * 60_000;

type Parts = {
  readonly log: BreakglassLog;
  readonly anchor: Anchor;
  /** At each seal as well, and not only at intervals. */
  readonly atSeals: boolean;
  /** One process at a time, where all of them look into one place. */
  readonly oneAtATime: boolean;
};

/** Begins to see to it that checkpoints are kept elsewhere. In nobody's way: a failure is a line in the log, and tried again. */
export function startAnchoring(own: Process, { log, anchor, atSeals, oneAtATime }: Parts): Rounds {
  const anchoring = new Anchoring({ log, clock: systemClock, anchor });
  const look = () => anchoring.look();
  const inTurn = async () => {
    let next: number | undefined;
    const isOurs = await own.turns.inTurn(KEY, async () => void (next = await look()));
    return isOurs ? next : systemClock.now() + 1_000;
  };
  const rounds = new Rounds(systemClock, oneAtATime ? inTurn : look, (attempt, _, error) => {
    own.logger.warn({ err: error, attempt }, 'a checkpoint could not be kept elsewhere');
    return Math.min(RETRY_AT_MOST, 1_000 * 2 ** Math.min(attempt, 10));
  });
  log.subscribe((entries) => {
    if (!atSeals || !entries.some(({ record }) => record.type === 'request.sealed')) return;
    anchoring.urge();
    rounds.wake(KEY);
  });
  rounds.wake(KEY);
  return rounds;
}
