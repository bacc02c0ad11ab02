import { SandboxClient } from '../../sandbox/client.ts';
import { hold, type Held } from './hold.ts';
import type { Outside } from './outside.ts';

/** What the page can do, and a connection of one's own. */
export class Onlooker extends SandboxClient implements Outside {
  async hold(vantage: string): Promise<Held> {
    const { edge } = await this.state();
    return hold(edge.vantages.find(({ name }) => name === vantage)?.port ?? 0);
  }
}
