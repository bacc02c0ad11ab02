import type { Finding, ReportedRule, SweepReported } from '../../domain/records.ts';
import { section, type Rendered } from './blocks.ts';
import { timeOfDay } from './dates.ts';
import { inline } from './escape.ts';

/** Rules that one message names; the record has all of them. */
const NAMED = 10;

const FINDING_WORDS = {
  overdue: '🚨 *Found open past its end*, and closed',
  unknown: '🚨 *Found open with no grant that explains it*, and closed',
  'wrong-shape': '🚨 *Found wider than anything Breakglass opens*, under its tags, and closed',
  'not-closed': '🚨 *Has to be closed, and could not be yet.* It is tried again and again',
  vanished: '🔎 *Removed by somebody else* before its end',
  'switch-repaired': '🔧 *A dead-man’s switch was missing or wrong*, and is armed again',
  unexpected: '🚨 *A protected port is open to somebody who has not asked for it here.* It is not touched',
  attributed: '🔎 *CloudTrail says who opened a protected port*',
  gone: '✅ *What nobody had asked for is gone*, or has changed',
} as const satisfies Record<Finding, string>;

/** What the sweep found, for those who have to look into it. */
export function finding({ finding, request, rules, by, at }: SweepReported): Rendered {
  const named = rules.slice(0, NAMED).map(ruleText);
  const more = rules.length > NAMED ? [`and ${rules.length - NAMED} more, see the log`] : [];
  const made = by === null ? [] : [`Made by ${inline(by.principal)}, ${timeOfDay(Date.parse(by.at) / 1000)}`];
  const whose = request === null ? '' : ` · ${inline(request)}`;
  const found = `Recorded ${timeOfDay(Date.parse(at) / 1000)}${whose}`;
  const text = [`${FINDING_WORDS[finding]}.`, ...named, ...more, ...made, found].join('\n');
  return { text, blocks: [section(text)] };
}

/** Ids come from AWS, and tags from whoever may set them. */
const ruleText = ({ ruleId, group, account, region, protocol, fromPort, toPort, source }: ReportedRule) => {
  const ports = fromPort === toPort ? String(fromPort) : `${fromPort}-${toPort}`;
  return `\`${inline(ruleId)}\` in \`${inline(group)}\` (${inline(account)}, ${inline(region)}): ${inline(protocol)} ${ports} from \`${inline(source)}\``;
};
