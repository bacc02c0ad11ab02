import { setTimeout as pause } from 'node:timers/promises';
import { switchesIn } from '../../../src/cli/demo/outside.ts';
import { Player } from '../../../src/cli/demo/people.ts';
import type { OpenConfirmed, OpenIntended } from '../../../src/domain/records.ts';
import type { IngressRule, Message, ScheduleSnapshot } from '../../../src/sandbox/client.ts';
import { PEOPLE, VANTAGES } from '../../../src/sandbox/world.ts';
import { eventually } from '../eventually.ts';
import type { Product } from '../product.ts';

export const CHANNEL = 'C0INCIDENT';
export const AUDIT = 'C0AUDIT001';
export const INCIDENT = 'https://example.pagerduty.com/incidents/PINC0042';
const LOOK_EVERY = 20;
const LOOK_FROM = 300;

type Handle = 'maya' | 'jonas' | 'priya' | 'aude' | 'gil' | 'olek' | 'deploybot' | 'sam';

export const idOf = (handle: Handle): string => PEOPLE.find((each) => each.handle === handle)?.id ?? '';
export const person = ({ client }: Product, handle: Handle): Player => new Player(client, idOf(handle));

/** A request as people know it: its id, and where its card is. */
export type Asked = { readonly id: string; readonly channel: string; readonly card: string };

export const REASON = 'Settlement queue is stuck; restarting it needs the admin console';

/** The form, by labels; what is not said is as it should be. */
export const form = (answers: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'What do you need': 'payments-console',
  'address you come from': '203.0.113.7',
  'For how long': '10s',
  Why: REASON,
  'Link to the incident': INCIDENT,
  ...answers,
});

/** The ledger's console takes two approvals, from one listed address, and its card goes to security. */
export const ledgerForm = (answers: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'What do you need': 'settlement-console',
  'workflow’s list': 'office VPN',
  'For how long': '10s',
  Why: REASON,
  'Link to the incident': 'https://example.pagerduty.com/incidents/PINC0041',
  ...answers,
});

let asks = 0;

/** Asks with a form that is accepted, and finds the request and its card. */
export async function ask(product: Product, answers = form(), by: Handle = 'maya'): Promise<Asked> {
  asks += 1;
  const reason = `${answers['Why'] ?? ''} (${asks})`;
  const errors = await person(product, by).ask(CHANNEL, { ...answers, Why: reason });
  if (Object.keys(errors).length > 0) throw new Error(`the form was refused: ${JSON.stringify(errors)}`);
  const { request: id } = await eventually('the question is in the log', 30_000, async () =>
    (await product.log.all('request.asked')).find((record) => record.reason === reason),
  );
  const card = await eventually('the card is in the log', 30_000, async () =>
    (await product.log.all('messages.posted', id))
      .flatMap(({ messages }) => messages)
      .find(({ key }) => key === 'card'),
  );
  return { id, channel: card.channel, card: card.ts };
}

/** From one of the simulated hosts. */
export const from = (vantage: string): Record<string, string> => {
  const address = VANTAGES.find(({ name }) => name === vantage)?.address ?? '';
  return form({ 'address you come from': address });
};

/** Presses a button of the card, as soon as it is there. */
export async function press(
  product: Product,
  by: Handle,
  { channel, card }: Asked,
  button: string,
): Promise<void> {
  await eventually(`there is a button "${button}"`, 30_000, async () => {
    const history = await product.client.history(channel, idOf(by));
    const blocks = history.find(({ ts }) => ts === card)?.blocks;
    return JSON.stringify(blocks ?? []).includes(JSON.stringify(button));
  });
  await person(product, by).press(channel, card, button);
}

export const approve = (product: Product, asked: Asked, by: Handle = 'priya'): Promise<void> =>
  press(product, by, asked, 'Approve');

export type Window = Asked & {
  readonly intended: OpenIntended;
  readonly confirmed: OpenConfirmed;
  /** Epoch milliseconds. */
  readonly deadline: number;
};

/** Resolves when the log says that it is open. */
export async function opened(product: Product, asked: Asked, withinMs = 30_000): Promise<Window> {
  const confirmed = await product.log.until('open.confirmed', asked.id, withinMs);
  const intended = await product.log.until('open.intended', asked.id, 0);
  return { ...asked, intended, confirmed, deadline: intended.deadline * 1000 };
}

/** Asked, approved and open. */
export async function openWindow(product: Product, answers = form()): Promise<Window> {
  const asked = await ask(product, answers);
  await approve(product, asked);
  return opened(product, asked);
}

/**
 * How long after its deadline a port was still seen open, in milliseconds; looked at every few of them from shortly before
 * the deadline on. Throws when it is closed before its time.
 */
export async function lateness(product: Product, vantage: string, deadline: number): Promise<number> {
  await pause(Math.max(0, deadline - LOOK_FROM - Date.now()));
  let seenOpen: number | undefined;
  for (;;) {
    const asked = Date.now();
    if ((await product.probe(vantage)).open === false) {
      if (Date.now() < deadline) throw new Error(`closed ${deadline - asked} ms before its deadline`);
      // Without one look at the open port, the first refusal is the only bound there is.
      return (seenOpen ?? asked) - deadline;
    }
    seenOpen = asked;
    if (asked - deadline > 60_000) throw new Error('the port is open a minute after its deadline');
    await pause(LOOK_EVERY);
  }
}

/** The same, counted from when somebody who can close was at work again, where that was after the deadline. */
export async function latenessOnceBack(
  product: Product,
  vantage: string,
  deadline: number,
  back: Promise<unknown>,
): Promise<number> {
  const [ms, backAt] = await Promise.all([lateness(product, vantage, deadline), back.then(() => Date.now())]);
  return ms - Math.max(0, backAt - deadline);
}

/** Resolves when the last message of a request is out: nothing more will happen to it. */
export async function settled(product: Product, { id }: Asked, withinMs = 60_000): Promise<void> {
  await eventually(`the last message of ${id}`, withinMs, async () =>
    (await product.log.all('messages.posted', id)).some(({ messages }) =>
      messages.some(({ key }) => key === 'sealed'),
    ),
  );
  await product.log.until('summary.written', id, withinMs);
}

/** Schedules that revoke rules; those that remove deny entries stay for longer. */
export const switchesOf = async ({ client }: Product): Promise<ScheduleSnapshot[]> =>
  switchesIn(await client.state());

/** The rules that stand in AWS because of this request, or of any when none is given. */
export async function rulesOf(product: Product, request?: string): Promise<IngressRule[]> {
  const { aws } = await product.client.state();
  return aws.securityGroups
    .flatMap(({ rules }) => rules)
    .filter(
      ({ tags }) =>
        'breakglass:request' in tags && (request === undefined || tags['breakglass:request'] === request),
    );
}

/** Everything that was posted because of a request, by its key: in its thread, in its channel and in the audit channel. */
export async function posted(
  product: Product,
  { id, channel, card }: Asked,
): Promise<{ key: string; message: Message }[]> {
  const as = idOf('jonas');
  const messages = [
    ...(await product.client.history(channel, as)),
    ...(await product.client.history(channel, as, card)),
    ...(await product.client.history(AUDIT, as)),
  ];
  const unique = [...new Map(messages.map((message) => [message.ts, message])).values()];
  return unique.flatMap((message) => {
    const { request, key } = message.metadata?.event_payload ?? {};
    return request === id ? [{ key: String(key), message }] : [];
  });
}
