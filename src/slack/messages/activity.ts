import type { Difference, Gap, TrailCompared, WindowObserved } from '../../domain/records.ts';
import type { In } from '../../domain/request.ts';
import { OBSERVED_MESSAGE } from '../../domain/settled.ts';
import type { EpochMs } from '../../domain/time.ts';
import { closedIn, goesOn } from '../../domain/activity.ts';
import { differenceText } from '../../domain/completeness.ts';
import { section, type Rendered } from './blocks.ts';
import { momentMs } from './dates.ts';
import { inline } from './escape.ts';
import { note, type Note } from './note.ts';

/** Differences that one message names; the record has more of them. */
const NAMED = 10;
/** Of each, escaped: event, ids and the whole ARN of who did it. Ten of them are below what one message may hold. */
const DIFFERENCE_CHARACTERS = 600;
/** Of what is mostly characters that escaping makes longer, to five at most. */
const HOSTILE_CHARACTERS = 120;
const SECTION_CHARACTERS = 2_900;
/** Gaps that one message names, and how much of each: escaped, together below the 3,000 characters of a section. */
const GAPS_NAMED = 3;
const GAP_CHARACTERS = 160;

/** What went on inside the window, where that was looked up: after everything else, and told to those who guard the ports first. */
export function activityNotes(request: In<'sealed'>): Note[] {
  const { observed, asked, id } = request;
  if (observed === null) return [];
  const closed = closedIn(request);
  const isRightful = closed !== undefined && goesOn(closed);
  const text = observedText(observed, isRightful);
  const told = `${text}\n${id}, ${inline(asked.workflow.title)}`;
  const elsewhere = { text: told, blocks: [section(told)] };
  const isAlive = (observed.connections?.total.alive ?? 0) > 0 && !isRightful;
  return [
    ...(isAlive
      ? [{ key: `${OBSERVED_MESSAGE}:security`, where: 'security', rendered: elsewhere } as const]
      : []),
    { key: `${OBSERVED_MESSAGE}:audit`, where: 'audit', rendered: elsewhere },
    note(OBSERVED_MESSAGE, text),
  ];
}

function observedText({ connections, calls, until }: WindowObserved, isRightful: boolean): string {
  const gaps = [...(connections?.gaps ?? []), ...calls.gaps];
  const alive = connections?.total.alive ?? 0;
  return [
    `🔭 Inside the window: ${[connectionsText(connections), callsText(calls.seen.length)].join('; ')}.`,
    ...(alive === 0 ? [] : [aliveText(alive, until, isRightful)]),
    ...gapLines(gaps, '⚠️ This may not be all:'),
  ].join('\n');
}

const aliveText = (alive: number, until: EpochMs, isRightful: boolean): string =>
  isRightful
    ? `${count(alive, 'connection')} went on: another grant keeps the port open to this address`
    : `🚨 *${count(alive, 'connection')} still moved packets after the port had closed* ${momentMs(until)}`;

const connectionsText = (connections: WindowObserved['connections']): string =>
  connections === null
    ? 'this workflow has no flow logs, so nobody knows who was connected'
    : `${count(connections.total.connections, 'connection')} of the granted address, ${connections.total.bytes.toLocaleString('en')} bytes`;

const callsText = (calls: number): string => `${count(calls, 'call')} of the AWS API on the opened groups`;

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

const gapLines = (gaps: readonly Gap[], before: string): string[] => [
  ...gaps.slice(0, GAPS_NAMED).map(({ text }) => `${before} ${inline(text, GAP_CHARACTERS)}`),
  ...(gaps.length > GAPS_NAMED ? [`and ${count(gaps.length - GAPS_NAMED, 'more reason')}, see the log`] : []),
];

/** For those who have to look into it: what CloudTrail and the log do not tell alike, or that nobody knows. */
export function comparison({ different, differences, gaps, place, until }: TrailCompared): Rendered {
  const where = `(${inline(place.account)}, ${inline(place.region)}), until ${momentMs(until)}`;
  const named = differences.slice(0, NAMED).map((each) => `• ${differenceLine(each)}`);
  const more = different > named.length ? [`and ${different - named.length} more, see the log`] : [];
  return different === 0
    ? inSections([
        `⚠️ *CloudTrail and the log could not be compared in full* ${where}`,
        ...gapLines(gaps, '•'),
        'Nobody knows whether our roles did more there than the log says; `breakglass log compare` looks again. This is told once a day until a comparison is complete.',
      ])
    : inSections([
        `🚨 *CloudTrail and the log differ* ${where}`,
        ...named,
        ...more,
        ...gapLines(gaps, '⚠️ This may not be all:'),
      ]);
}

function differenceLine(difference: Difference): string {
  const text = differenceText(difference);
  const whole = inline(text, DIFFERENCE_CHARACTERS);
  return whole.length <= DIFFERENCE_CHARACTERS ? whole : inline(text, HOSTILE_CHARACTERS);
}

/** As few sections as hold these lines; none of them may be longer than a section. */
function inSections(lines: readonly string[]): Rendered {
  const [first = '', ...others] = lines;
  const texts = [first];
  for (const line of others) {
    const longer = `${texts.at(-1)}\n${line}`;
    if (longer.length <= SECTION_CHARACTERS) texts.splice(-1, 1, longer);
    else texts.push(line);
  }
  return { text: lines.join('\n'), blocks: texts.map(section) };
}
