import { setTimeout as pause } from 'node:timers/promises';

import type { ReceivedEvent, SandboxClient, SandboxSnapshot } from '../../sandbox/client.ts';
import { AWS_WORLD, VANTAGES } from '../../sandbox/world.ts';
import type { Held } from './hold.ts';

/** What somebody who is not the product can see and do: the page's gestures, AWS itself, and connections to the port. */
export type Outside = Pick<
  SandboxClient,
  'watch' | 'state' | 'probe' | 'awsCalls' | 'verify' | 'command' | 'submit' | 'history' | 'click'
> & {
  /** Connects to the port as this host sees it, and stays. */
  hold(vantage: string): Promise<Held>;
};

/** Where the request comes from; 8443 on this machine is what this host sees. */
export const GRANTED = VANTAGES[0];
/** Always let in, by a rule that is not ours. */
export const INSIDE = 'monitoring';
/** Hosts that nobody grants anything. */
export const OTHERS = VANTAGES.filter(({ name }) => name !== GRANTED.name && name !== INSIDE);

const [GROUP] = AWS_WORLD.securityGroups;
/** Between two looks at the port around the deadline: the lateness is known to this. */
const LOOK_EVERY = 20;
const LATEST = 60_000;

/** Waits for what the product should bring about; the error says what did not come. */
export const expected = <Found>(what: string, coming: Promise<Found>): Promise<Found> =>
  coming.catch((error: unknown) => {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  });

/** Until then whatever somebody types in Slack reaches nobody. True of the state that a watch begins with, too. */
export const isBotConnected = (event: ReceivedEvent): boolean =>
  (event.type === 'hello' && event.data.slack.bot.connected) ||
  (event.type === 'slack.bot' && event.data.connected);

export const isClosed = async (outside: Outside, vantage: string): Promise<boolean> =>
  (await outside.probe(vantage)).open === false;

/** Closed at every look for this long. */
export async function staysClosed(outside: Outside, vantage: string, forMs: number): Promise<boolean> {
  for (const until = Date.now() + forMs; Date.now() < until; await pause(LOOK_EVERY)) {
    if (!(await isClosed(outside, vantage))) return false;
  }
  return true;
}

/**
 * Milliseconds from the deadline until a connection was refused, looked for from shortly before it on; negative when it
 * was refused early.
 */
export async function refusedAfter(outside: Outside, deadline: number): Promise<number> {
  await pause(Math.max(0, deadline - 200 - Date.now()));
  for (;;) {
    const closed = await isClosed(outside, GRANTED.name);
    const late = Date.now() - deadline;
    if (closed) return late;
    if (late > LATEST) throw new Error('the port is still open a minute after its deadline');
    await pause(LOOK_EVERY);
  }
}

/** Whether a connection that was alive ends within this time. */
export async function ends(held: Held, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; held.isAlive() && Date.now() < until;) await pause(LOOK_EVERY);
  return !held.isAlive();
}

/** Whether AWS carried out the one for the first time before the other; false when either never came. */
export async function cameFirst(outside: Outside, action: string, other: string): Promise<boolean> {
  const done = (await outside.awsCalls()).filter(({ ok }) => ok).map((call) => call.action);
  return done.includes(action) && done.indexOf(action) < done.indexOf(other);
}

export const rulesIn = ({ aws }: SandboxSnapshot) =>
  aws.securityGroups.find(({ id }) => id === GROUP.id)?.rules ?? [];

/** Not what is armed to remove deny entries, which stay until cut connections must be dead. */
export const switchesIn = ({ aws }: SandboxSnapshot) =>
  aws.schedules.filter(({ target }) => !target.endsWith(':deleteNetworkAclEntry'));

/** A switch begins at the deadline, rounded up to the minute. */
export const isArmedFor = (deadline: number, snapshot: SandboxSnapshot): boolean =>
  switchesIn(snapshot).some(
    ({ state, start }) =>
      state === 'ENABLED' &&
      start !== null &&
      Date.parse(start) >= deadline &&
      Date.parse(start) < deadline + 60_000,
  );
