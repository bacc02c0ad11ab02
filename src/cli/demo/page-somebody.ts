import type { SandboxClient } from '../../sandbox/client.ts';
import { PEOPLE } from '../../sandbox/world.ts';

const CHANNEL = 'C0INCIDENT';

/** In a world where nothing has happened yet: the story begins with somebody being paged. */
export async function pageSomebody(client: SandboxClient): Promise<void> {
  const priya = PEOPLE.find(({ handle }) => handle === 'priya')?.id ?? '';
  const { incidents } = await client.state();
  const incident = incidents.find(({ status }) => status === 'triggered');
  if (incident === undefined || (await client.history(CHANNEL, priya)).length > 0) return;
  await client.say(
    priya,
    CHANNEL,
    `Maya, you are on call: incident ${incident.number}, the settlement queue is stuck, and only the admin console can restart it. ${incident.html_url}`,
  );
}
