import { on, type IngressRule, type ProbeResult, type Watch } from '../../sandbox/client.ts';
import { PEOPLE } from '../../sandbox/world.ts';
import {
  cameFirst,
  ends,
  expected,
  GRANTED,
  INSIDE,
  isArmedFor,
  isBotConnected,
  isClosed,
  OTHERS,
  refusedAfter,
  rulesIn,
  switchesIn,
  staysClosed,
  type Outside,
} from './outside.ts';
import { Player } from './people.ts';
import type { Timeline } from './timeline.ts';

const CHANNEL = 'C0INCIDENT';
const AUDIT = 'C0AUDIT001';
const WINDOW = '15s';
/** Several times what an opening takes here. */
const NOTHING_OPENS_FOR = 1_000;
const REFUSED_WITHIN = 1_000;
/** An entry in each network ACL on the way, each with its removal armed first. */
const CUT_WITHIN = 5_000;

/** Asked, approved, opened, closed, rotated, sealed; everything looked at from outside. Answers the lateness in ms. */
export async function playWindow(outside: Outside, timeline: Timeline): Promise<number> {
  await using watch = await outside.watch();
  const [maya, jonas] = [personCalled('maya'), personCalled('jonas')].map((id) => new Player(outside, id));
  if (maya === undefined || jonas === undefined) throw new Error('the people are missing');
  await expected('the bot’s connection to Slack', watch.until(isBotConnected, 30_000));
  timeline.happened('ready', 'bot and worker are at work');

  // Closed, whatever one person alone does.
  const before = { rules: rulesIn(await outside.state()), served: await outside.probe(INSIDE) };
  const closedAtFirst = await isClosed(outside, GRANTED.name);
  timeline.observed('closed', closedAtFirst, 'nobody outside gets in before anybody asks');
  const refusals = Object.values(await maya.ask(CHANNEL, form('0.0.0.0/0')));
  timeline.observed('refused', refusals.length === 1, `0.0.0.0/0: ${refusals.join(' ')}`);
  const ts = await asked(maya, watch);
  timeline.happened('asked', `by Maya, for ${GRANTED.address}, with a reason and an open incident`);
  await maya.press(CHANNEL, ts, 'Approve');
  const nothingOpened = await staysClosed(outside, GRANTED.name, NOTHING_OPENS_FOR);
  timeline.observed('closed', nothingOpened, 'the requester’s own approval opens nothing');

  // Open, to one address.
  await jonas.press(CHANNEL, ts, 'Approve');
  timeline.happened('approved', 'by a second person');
  const opened = await expected('the rule in AWS', watch.until(hasOurRule, 15_000));
  const deadline = Number(opened.data.rules.find(isOurs)?.tags['breakglass:expires-at']) * 1000;
  await expected('the word that it is open', watch.until(told(CHANNEL, 'open', ts), 10_000));
  const armedFirst = await cameFirst(outside, 'CreateSchedule', 'AuthorizeSecurityGroupIngress');
  timeline.observed(
    'armed',
    armedFirst && isArmedFor(deadline, await outside.state()),
    'the switch was there before the rule, for when it ends',
  );
  const { open } = await outside.probe(GRANTED.name);
  const held = await outside.hold(GRANTED.name);
  const wasAlive = held.isAlive();
  const seconds = Math.round((deadline - Date.now()) / 1000);
  timeline.observed('open', open === true, `to ${GRANTED.address}, for ${seconds} s`);
  const others = await Promise.all(OTHERS.map(({ name }) => isClosed(outside, name)));
  timeline.observed(
    'closed',
    others.every((closed) => closed),
    `to ${OTHERS.map(({ address }) => address).join(', ')}`,
  );

  // Closed, on time.
  const lateness = await refusedAfter(outside, deadline);
  timeline.observed(
    'closed',
    lateness >= 0 && lateness <= REFUSED_WITHIN,
    `${(lateness / 1000).toFixed(2)} s after the deadline`,
  );

  const isCut = await ends(held, CUT_WITHIN);
  held.release();
  timeline.observed(
    'cut',
    wasAlive && isCut,
    'a connection that was established while it was open has ended',
  );

  // Replaced, sealed, told.
  await expected('the summary in the thread', watch.until(told(CHANNEL, 'sealed', ts), 30_000));
  await expected('the summary in the audit channel', watch.until(told(AUDIT, 'audit'), 5_000));
  timeline.happened('sealed', 'with a summary in the thread and in the audit channel');
  const served = await outside.probe(INSIDE);
  timeline.observed(
    'rotated',
    isReplaced(before.served, served),
    `${short(before.served)} was served, now ${short(served)}`,
  );
  const after = await outside.state();
  timeline.observed(
    'left over',
    sameRules(before.rules, rulesIn(after)) && switchesIn(after).length === 0,
    'no rule and no switch; everybody else’s rules are as they were',
  );
  const report = await outside.verify<{ valid: boolean; records: number; commits: number }>();
  timeline.observed(
    'verified',
    report.valid && report.records > 0,
    `${report.records} records in ${report.commits} commits`,
  );
  return lateness;
}

/** Answers where the card is. */
async function asked(by: Player, watch: Watch): Promise<string> {
  const errors = Object.values(await by.ask(CHANNEL, form(GRANTED.address)));
  if (errors.length > 0) throw new Error(`the form was refused: ${errors.join(' ')}`);
  const { data } = await expected('the card', watch.until(isCard, 10_000));
  return data.message.ts;
}

const form = (address: string) => ({
  'address you come from': address,
  'For how long': WINDOW,
  Why: 'Settlement queue is stuck; restarting it needs the admin console',
  'Link to the incident': 'https://example.pagerduty.com/incidents/PINC0042',
});

const personCalled = (handle: string): string => {
  const person = PEOPLE.find((each) => each.handle === handle);
  if (person === undefined) throw new Error(`nobody is called ${handle}`);
  return person.id;
};

const isOurs = ({ tags }: Pick<IngressRule, 'tags'>): boolean => 'breakglass:request' in tags;

const hasOurRule = on('aws.rules', ({ rules }) => rules.some(isOurs));

const isCard = on(
  'slack.message',
  ({ channel, message: { blocks } }) =>
    channel === CHANNEL && JSON.stringify(blocks ?? []).includes('"action_id":"approve"'),
);

/** A message of this kind, by its metadata. */
const told = (channel: string, key: string, thread?: string) =>
  on('slack.message', (event) => {
    const { metadata, thread_ts } = event.message;
    return (
      event.channel === channel &&
      metadata?.event_payload['key'] === key &&
      (thread === undefined || thread_ts === thread)
    );
  });

const isReplaced = (before: ProbeResult, after: ProbeResult): boolean =>
  before.fingerprint !== undefined &&
  after.fingerprint !== undefined &&
  before.fingerprint !== after.fingerprint;

const short = ({ fingerprint }: ProbeResult): string => fingerprint?.slice(0, 11) ?? 'nothing';

const sameRules = (before: readonly IngressRule[], after: readonly IngressRule[]): boolean =>
  JSON.stringify(before) === JSON.stringify(after);
