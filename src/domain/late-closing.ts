import { consoleUrl, revokeCommand } from './by-hand.ts';
import { confirmedRules, type Holding } from './request.ts';
import type { OpenRule } from './rule.ts';
import { SECOND, type EpochMs } from './time.ts';

/** What somebody is told who has to close by hand what is late, wherever they read it. */
export type LateClosing = {
  readonly account: string;
  readonly region: string;
  readonly port: number;
  readonly groups: readonly string[];
  /** When it was due. */
  readonly since: EpochMs;
  /** Of the first group. */
  readonly consoleUrl: string;
  /** All of them together close it. */
  readonly commands: readonly string[];
};

/** More commands than this nobody enters one by one. */
const MOST = 5;

/** `seen`: what AWS has described of it, for whoever has asked; the log knows what was confirmed. */
export function lateClosing(request: Holding, seen: readonly OpenRule[] = []): LateClosing {
  const { id, intended } = request;
  const { account, region, port } = intended.target;
  const groups = intended.rules.map(({ group }) => group);
  const known = seen.length > 0 ? seen : confirmedRules(request);
  const commands = groups.flatMap((group) => {
    const ids = known.filter((rule) => rule.group === group).map(({ ruleId }) => ruleId);
    return ids.length === 0 ? [] : [revokeCommand({ region, group }, ids)];
  });
  const isEnterable = commands.length > 0 && commands.length <= MOST;
  return {
    account,
    region,
    port,
    groups,
    since: dueAt(request),
    consoleUrl: consoleUrl({ region, group: groups[0] }),
    // It finds what carries the request's tag by itself.
    commands: isEnterable ? commands : [`npx breakglass close ${id}`],
  };
}

/**
 * When it was to be closed: at its deadline, or before that when somebody asked for its end, or a worker began to close it for
 * another reason. One that closes it at its deadline may have a clock that was set back: then that is no earlier end.
 */
export function dueAt(request: Holding): EpochMs {
  const { deadline, closeRequested } = request;
  const early =
    request.state === 'closing' && request.closing.trigger !== 'deadline' ? request.closing : null;
  const ends = [closeRequested, early].flatMap((end) => (end === null ? [] : [Date.parse(end.at)]));
  return Math.min(deadline * SECOND, ...ends);
}
