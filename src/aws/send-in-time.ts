import type { AuthorizeSecurityGroupIngressCommand } from '@aws-sdk/client-ec2';

import { AccessError } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * From now on, counted on either clock, this command may be sent for `ms`: looked at when it is signed and about to go on
 * the wire. A process that was frozen on the way throws AccessError `rejected`, and has sent nothing.
 */
export function sendInTime(
  command: AuthorizeSecurityGroupIngressCommand,
  clock: Clock,
  ms: number,
  doing: string,
): void {
  const [decided, decidedAt] = [clock.monotonic(), clock.now()];
  command.middlewareStack.add(
    (next) => (args) => {
      const late = Math.max(clock.monotonic() - decided, Math.abs(clock.now() - decidedAt));
      if (late <= ms) return next(args);
      const seconds = (late / 1_000).toFixed(1);
      throw new AccessError(
        'rejected',
        `did not ${doing}: that was decided ${seconds} s ago; nothing was sent`,
      );
    },
    // Next to the wire: everything that can wait, credentials above all, comes before it.
    { step: 'deserialize', priority: 'low', name: 'breakglassInTime' },
  );
}
