import { DescribeSecurityGroupRulesCommand } from '@aws-sdk/client-ec2';

import type { Target } from '../domain/rule.ts';
import type { EpochMs } from '../domain/time.ts';
import { AccessError } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients } from './clients.ts';
import { accessError } from './errors.ts';
import { timeLimit } from './time-limit.ts';

const READ_MS = 8_000;

/** One exchange as the local clock saw it; `date` is the answer's Date header. */
export type Exchange = { readonly sentAt: EpochMs; readonly receivedAt: EpochMs; readonly date: EpochMs };

/**
 * How far the local clock is ahead, as far as one exchange proves it. The header is cut to whole seconds (RFC 9110 6.6.1)
 * and was written somewhere between sending and receiving: within that doubt the clocks agree, and the answer is 0.
 */
export function provenSkew({ sentAt, receivedAt, date }: Exchange): number {
  const least = sentAt - (date + 999);
  const most = receivedAt - date;
  if (least > 0) return least;
  return most < 0 ? most : 0;
}

/** Asks EC2 something small and compares clocks. Throws AccessError. */
export async function measureSkew(clients: AwsClients, target: Target, clock: Clock): Promise<number> {
  const client = clients.at(target).ec2.read;
  const exchanges: Exchange[] = [];
  const command = new DescribeSecurityGroupRulesCommand({
    Filters: [{ Name: 'group-id', Values: [...target.securityGroups] }],
    MaxResults: 5,
  });
  watchDates(command, clock, (exchange) => exchanges.push(exchange));
  try {
    await client.send(command, timeLimit(READ_MS));
  } catch (error) {
    // An error is an answer as well: EC2 refuses calls of a clock that is minutes off, and says when that was.
    if (exchanges.length === 0) throw accessError(error, 'read', "compare clocks with AWS's");
  }
  const last = exchanges.at(-1);
  if (last === undefined) throw new AccessError('unreachable', 'AWS answered without a Date header');
  return provenSkew(last);
}

type Headers = Readonly<Record<string, string | undefined>>;

/** Sees every attempt of this command next to the wire, failed ones included. */
function watchDates(
  command: DescribeSecurityGroupRulesCommand,
  clock: Clock,
  saw: (exchange: Exchange) => void,
): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      const sentAt = clock.now();
      const answer = await next(args);
      const headers = (answer.response as { readonly headers?: Headers } | undefined)?.headers;
      const date = Date.parse(headers?.['date'] ?? '');
      if (!Number.isNaN(date)) saw({ sentAt, receivedAt: clock.now(), date });
      return answer;
    },
    { step: 'deserialize', priority: 'low', name: 'breakglassDates' },
  );
}
