import { decideCloseLate } from '../domain/decide/close.ts';
import type { Holding } from '../domain/request.ts';
import type { OpenRule } from '../domain/rule.ts';
import { getRequest } from '../domain/state.ts';
import { isoTime, SECOND } from '../domain/time.ts';
import { commit } from './commit.ts';
import type { Worker } from './worker.ts';

/** Wakes somebody, once for each request, with what they need to close the port by hand. Closing goes on meanwhile. */
export async function sayLate(
  worker: Worker,
  { id, intended, deadline }: Holding,
  known: readonly OpenRule[],
): Promise<void> {
  const { target, rules } = intended;
  if (getRequest(worker.log.state, id)?.late.close === true) return;
  if (!worker.memory.firstPage(id, 'close')) return;
  worker.telemetry.event('close-late', { request: id });
  const groups = rules.map(({ group }) => group);
  const since = isoTime(deadline * SECOND);
  const text = `Port ${target.port} in ${groups.join(', ')} (${target.account}, ${target.region}) should have closed at ${since} and has not been seen closed.`;
  const commands = groups.flatMap((group) => revokeCommand(target.region, group, known));
  const now = worker.clock.now();
  await Promise.all([
    worker.pager.page({
      kind: 'close-late',
      request: id,
      text,
      consoleUrl: `https://${target.region}.console.aws.amazon.com/vpcconsole/home?region=${target.region}#SecurityGroup:groupId=${groups[0]}`,
      command: commands.length > 0 ? commands.join('; ') : null,
    }),
    commit(worker.log, (state) => decideCloseLate(state, { request: id, text }, now)),
  ]);
}

function revokeCommand(region: string, group: string, known: readonly OpenRule[]): string[] {
  const ids = known.filter((rule) => rule.group === group).map(({ ruleId }) => ruleId);
  if (ids.length === 0) return [];
  return [
    `aws ec2 revoke-security-group-ingress --region ${region} --group-id ${group} --security-group-rule-ids ${ids.join(' ')}`,
  ];
}
