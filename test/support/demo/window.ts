import { Player } from '../../../src/cli/demo/people.ts';
import { on, type SandboxClient } from '../../../src/sandbox/client.ts';
import { PEOPLE } from '../../../src/sandbox/world.ts';
import { eventually } from '../eventually.ts';

export const CHANNEL = 'C0INCIDENT';
const INCIDENT = 'https://example.pagerduty.com/incidents/PINC0042';
const REASON = 'Settlement queue is stuck; restarting it needs the admin console';

export const person = (handle: string): string => PEOPLE.find((each) => each.handle === handle)?.id ?? '';

export type OpenWindow = {
  readonly request: string;
  /** Of the card. */
  readonly ts: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
};

/** Maya asks, Jonas approves. Resolves when the port is open to Maya. */
export async function openWindow(client: SandboxClient, lasting: string): Promise<OpenWindow> {
  await using watch = await client.watch();
  await eventually('the bot is in Slack', 30_000, async () => (await client.state()).slack.bot.connected);
  const errors = await new Player(client, person('maya')).ask(CHANNEL, {
    'address you come from': '203.0.113.7',
    'For how long': lasting,
    Why: REASON,
    'Link to the incident': INCIDENT,
  });
  if (Object.keys(errors).length > 0) throw new Error(`the form was refused: ${JSON.stringify(errors)}`);
  const card = await watch.until(
    on(
      'slack.message',
      ({ message }) => message.metadata?.event_payload['key'] === 'card' && message.text !== '',
    ),
    30_000,
  );
  const { ts } = card.data.message;
  await new Player(client, person('jonas')).press(CHANNEL, ts, 'Approve');
  const { data } = await watch.until(
    on('aws.rules', ({ rules }) => rules.some(isOurs)),
    30_000,
  );
  const tags = data.rules.find(isOurs)?.tags ?? {};
  await eventually('the port is open', 10_000, async () => (await client.probe('requester')).open === true);
  return {
    request: String(tags['breakglass:request']),
    ts,
    deadline: Number(tags['breakglass:expires-at']) * 1000,
  };
}

const isOurs = ({ tags }: { readonly tags: Readonly<Record<string, string>> }): boolean =>
  'breakglass:request' in tags;

/** Resolves when the summary is in the thread; answers when the port was first seen closed, epoch milliseconds. */
export async function sealed(client: SandboxClient, { ts }: OpenWindow): Promise<number> {
  await eventually(
    'the port is closed',
    60_000,
    async () => (await client.probe('requester')).open === false,
  );
  const closedAt = Date.now();
  await eventually('the summary is in the thread', 60_000, async () =>
    (await client.history(CHANNEL, person('jonas'), ts)).some(
      ({ metadata }) => metadata?.event_payload['key'] === 'sealed',
    ),
  );
  return closedAt;
}
