import { consoleUrl, revokeCommand } from '../../domain/by-hand.ts';
import type { Finding, ReportedRule, SweepReported } from '../../domain/records.ts';
import { section, type Rendered } from './blocks.ts';
import { byHand } from './by-hand.ts';
import { timeOfDay } from './dates.ts';
import { inline } from './escape.ts';

/** Rules that one message names; the record has all of them. */
const NAMED = 10;
/** Each of these takes more lines: how to close it by hand. */
const NAMED_OPEN = 3;

const FINDING_WORDS = {
  overdue: '🚨 *Found open past its end*, and closed',
  unknown: '🚨 *Found open with no grant that explains it*, and closed',
  'wrong-shape': '🚨 *Found letting in something else than was opened*, and closed',
  'not-closed': '🚨 *Has to be closed, and could not be yet.* It is tried again and again',
  vanished: '🔎 *Removed by somebody else* before its end',
  'switch-repaired': '🔧 *A dead-man’s switch was missing or wrong*, and is armed again',
  unexpected: '🚨 *A protected port is open to somebody who has not asked for it here.* It is not touched',
  attributed: '🔎 *CloudTrail says who opened a protected port*',
  gone: '✅ *What nobody had asked for is gone*, or has changed',
} as const satisfies Record<Finding, string>;

/** What the sweep found, for those who have to look into it. */
export function finding({ finding, request, rules, by, at }: SweepReported): Rendered {
  const isOpen = finding === 'not-closed';
  const named = rules.slice(0, isOpen ? NAMED_OPEN : NAMED);
  const lines = named.flatMap((rule) => [ruleText(rule), ...(isOpen ? [closing(rule)] : [])]);
  const more = rules.length > named.length ? [`and ${rules.length - named.length} more, see the log`] : [];
  const made = by === null ? [] : [`Made by ${inline(by.principal)}, ${timeOfDay(Date.parse(by.at) / 1000)}`];
  const whose = request === null ? '' : ` · ${inline(request)}`;
  const found = `Recorded ${timeOfDay(Date.parse(at) / 1000)}${whose}`;
  const text = [`${FINDING_WORDS[finding]}.`, ...lines, ...more, ...made, found].join('\n');
  return { text, blocks: [section(text)] };
}

const closing = (rule: ReportedRule): string =>
  byHand(consoleUrl(rule), [revokeCommand(rule, [rule.ruleId])]);

/** Ids come from AWS, and tags from whoever may set them. */
const ruleText = ({ ruleId, group, account, region, protocol, fromPort, toPort, source }: ReportedRule) => {
  const ports = fromPort === toPort ? String(fromPort) : `${fromPort}-${toPort}`;
  return `\`${inline(ruleId)}\` in \`${inline(group)}\` (${inline(account)}, ${inline(region)}): ${inline(protocol)} ${ports} from \`${inline(source)}\``;
};
