import type { Gap, TrailCompared, WindowObserved } from '../../domain/records.ts';
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
    ...gaps.slice(0, GAPS_NAMED).map(gapText),
    ...(gaps.length > GAPS_NAMED ? [`and ${gaps.length - GAPS_NAMED} more reasons, see the log`] : []),
  ].join('\n');
}

const aliveText = (alive: number, until: EpochMs, isRightful: boolean): string =>
  isRightful
    ? `${count(alive, 'connection')} went on: another grant keeps the port open to this address`
    : `🚨 *${count(alive, 'connection')} still moved packets after the port had closed* ${momentMs(until)}`;

const connectionsText = (connections: WindowObserved['connections']): string =>
  connections === null
    ? 'this workflow has no flow logs, so nobody knows who was connected'
    : `${count(connections.total.connections, 'connection')} of the granted address, ${connections.total.bytes} bytes`;

const callsText = (calls: number): string => `${count(calls, 'call')} of the AWS API on the opened groups`;

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

const gapText = ({ text }: Gap): string => `⚠️ This may not be all: ${inline(text, GAP_CHARACTERS)}`;

/** For those who have to look into it: what CloudTrail and the log do not tell alike. */
export function comparison({ different, differences, place, until }: TrailCompared): Rendered {
  const named = differences.slice(0, NAMED).map((each) => `• ${inline(differenceText(each), 230)}`);
  const more = different > named.length ? [`and ${different - named.length} more, see the log`] : [];
  const text = [
    `🚨 *CloudTrail and the log differ* (${inline(place.account)}, ${inline(place.region)}), ${momentMs(until)}`,
    ...named,
    ...more,
  ].join('\n');
  return { text, blocks: [section(text)] };
}
