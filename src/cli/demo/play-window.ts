import { setTimeout as pause } from 'node:timers/promises';

import { on, type ProbeResult, type SandboxClient, type Watch } from '../../sandbox/client.ts';
import { AWS_WORLD, PEOPLE } from '../../sandbox/world.ts';
import { Player } from './people.ts';
import type { Timeline } from './timeline.ts';

const CHANNEL = 'C0INCIDENT';
const AUDIT = 'C0AUDIT001';
const [GROUP] = AWS_WORLD.securityGroups;
const WINDOW = '15s';
/** Between two looks at the port around the deadline: the lateness is known to this. */
const LOOK_EVERY = 20;
const REFUSED_WITHIN = 1_000;

/** Asked, approved, opened, closed, rotated, sealed; everything looked at from outside. Answers the lateness in ms. */
export async function playWindow(client: SandboxClient, timeline: Timeline): Promise<number> {
  await using watch = await client.watch();
  await watch
    .until(
      on('slack.bot', ({ connected }) => connected),
      30_000,
    )
    .catch(async () => {
      if (!(await client.state()).slack.bot.connected)
        throw new Error('the bot did not connect to Slack within 30 s');
    });
  timeline.happened('ready', 'bot and worker are at work');
  const [maya, jonas] = ['maya', 'jonas'].map((handle) => new Player(client, idOf(handle)));
  if (maya === undefined || jonas === undefined) throw new Error('the people are missing');

  const before = await probe(client, 'monitoring');
  timeline.observed(
    'closed',
    (await probe(client, 'requester')).open === false,
    'nobody outside gets in before anybody asks',
  );

  // Asked, first in vain.
  const refused = await maya.ask(CHANNEL, form({ come: '0.0.0.0/0' }));
  timeline.observed(
    'refused',
    Object.keys(refused).length === 1,
    `0.0.0.0/0: ${Object.values(refused).join(' ')}`,
  );
  const answers = await maya.ask(CHANNEL, form({}));
  if (Object.keys(answers).length > 0)
    throw new Error(`the form was refused: ${Object.values(answers).join(' ')}`);
  const card = await watch.until(
    on('slack.message', ({ channel, message }) => channel === CHANNEL && hasButton(message, 'approve')),
    10_000,
  );
  const { ts } = card.data.message;
  timeline.happened('asked', 'by Maya, for 203.0.113.7, with a reason and an open incident');

  // The requester cannot approve; the port stays closed.
  await maya.press(CHANNEL, ts, 'Approve');
  await watch.until(
    on('slack.ephemeral', ({ user }) => user === maya.id),
    10_000,
  );
  timeline.observed(
    'closed',
    (await probe(client, 'requester')).open === false,
    'the requester’s own approval opens nothing',
  );

  await jonas.press(CHANNEL, ts, 'Approve');
  timeline.happened('approved', 'by a second person');

  // Open, to one address.
  const opened = await watch.until(
    on('aws.rules', ({ groupId, rules }) => groupId === GROUP?.id && rules.some(ours)),
    15_000,
  );
  const deadline = Number(opened.data.rules.find(ours)?.tags['breakglass:expires-at']) * 1000;
  await told(watch, CHANNEL, ts, 'open', 10_000);
  const calls = await client.awsCalls();
  const armed = indexOf(calls, 'CreateSchedule');
  timeline.observed(
    'armed',
    armed >= 0 && armed < indexOf(calls, 'AuthorizeSecurityGroupIngress'),
    'the switch was there before the rule',
  );
  const [granted, stranger] = [await probe(client, 'requester'), await probe(client, 'stranger')];
  timeline.observed(
    'open',
    granted.open === true,
    `to ${granted.address}, for ${Math.round((deadline - Date.now()) / 1000)} s`,
  );
  timeline.observed('closed', stranger.open === false, `to ${stranger.address}, a stranger`);

  // Closed, on time.
  const lateness = await refusedSince(client, deadline);
  timeline.observed(
    'closed',
    lateness <= REFUSED_WITHIN,
    `${(lateness / 1000).toFixed(2)} s after the deadline`,
  );

  // Replaced, sealed, told.
  await told(watch, CHANNEL, ts, 'sealed', 30_000);
  await told(watch, AUDIT, undefined, 'audit', 5_000);
  timeline.happened('sealed', 'with a summary in the thread and in the audit channel');
  const after = await probe(client, 'monitoring');
  timeline.observed('rotated', changed(before, after), `${short(before)} was served, now ${short(after)}`);
  const left = (await client.state()).aws;
  const rules = left.securityGroups.flatMap((group) => group.rules);
  timeline.observed(
    'left over',
    !rules.some(ours) && left.schedules.length === 0 && rules.length === AWS_WORLD.standingRules.length,
    'no rule and no switch of ours; everybody else’s rules are as they were',
  );
  const report = await client.verify<{ valid: boolean; records: number; commits: number }>();
  timeline.observed('verified', report.valid, `${report.records} records in ${report.commits} commits`);
  return lateness;
}

const form = ({ come = '203.0.113.7' }: { readonly come?: string }) => ({
  'address you come from': come,
  'For how long': WINDOW,
  Why: 'Settlement queue is stuck; restarting it needs the admin console',
  'Link to the incident': 'https://example.pagerduty.com/incidents/PINC0042',
});

const idOf = (handle: string): string => {
  const person = PEOPLE.find((each) => each.handle === handle);
  if (person === undefined) throw new Error(`nobody is called ${handle}`);
  return person.id;
};

const probe = (client: SandboxClient, vantage: string): Promise<ProbeResult> => client.probe(vantage);

const ours = ({ tags }: { readonly tags: Readonly<Record<string, string>> }): boolean =>
  'breakglass:request' in tags;

const indexOf = (calls: Awaited<ReturnType<SandboxClient['awsCalls']>>, action: string): number =>
  calls.findIndex((call) => call.action === action && call.ok);

function hasButton(message: { readonly blocks?: readonly unknown[] }, action: string): boolean {
  return JSON.stringify(message.blocks ?? []).includes(`"action_id":"${action}"`);
}

/** Milliseconds from the deadline to the first refused connection. */
async function refusedSince(client: SandboxClient, deadline: number): Promise<number> {
  await pause(Math.max(0, deadline - 200 - Date.now()));
  for (;;) {
    const asked = Date.now();
    if ((await probe(client, 'requester')).open === false) return asked - deadline;
    if (asked - deadline > 60_000) throw new Error('the port is still open a minute after its deadline');
    await pause(LOOK_EVERY);
  }
}

/** Waits for a message of this kind, by its metadata. */
async function told(
  watch: Watch,
  channel: string,
  thread: string | undefined,
  key: string,
  within: number,
): Promise<void> {
  await watch.until(
    on('slack.message', (event) => {
      const payload = event.message.metadata?.event_payload as { readonly key?: string } | undefined;
      return (
        event.channel === channel &&
        payload?.key === key &&
        (thread === undefined || event.message.thread_ts === thread)
      );
    }),
    within,
  );
}

const changed = (before: ProbeResult, after: ProbeResult): boolean =>
  before.fingerprint !== undefined &&
  after.fingerprint !== undefined &&
  before.fingerprint !== after.fingerprint;

const short = ({ fingerprint }: ProbeResult): string => fingerprint?.slice(0, 11) ?? 'nothing';
