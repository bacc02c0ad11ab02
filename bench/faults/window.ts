import type { Timeline } from '../outside/timeline.ts';
import type { Host } from '../world/world.ts';

/** One window that was asked for, from the question to its end. */
export type Window = {
  readonly host: Host;
  readonly reason: string;
  /** Undefined where the question did not reach the log. */
  request: string | undefined;
  /** Epoch milliseconds; undefined until the log says it. */
  deadline: number | undefined;
  /** Open and said so: looked at closely around its deadline alone. */
  followed: boolean;
  /** What was seen of its port, from the approvals until everything had settled; one for all windows of a wave to one host. */
  seen: Timeline;
};
