import type { SandboxUrls } from './client-types.ts';
import type { VantageState } from './edge/index.ts';
import { PREFERRED_PORTS, VANTAGES } from './world.ts';

/** One line for each preferred port that somebody else had, with the one that was taken instead. */
export function busyPorts(
  urls: Pick<SandboxUrls, 'page' | 'aws'>,
  vantages: readonly Pick<VantageState, 'name' | 'address' | 'port'>[],
): string[] {
  const taken = [
    { what: 'the page', wanted: PREFERRED_PORTS.page, got: portOf(urls.page) },
    { what: 'AWS', wanted: PREFERRED_PORTS.aws, got: portOf(urls.aws) },
    ...vantages.map(({ name, address, port }) => ({
      what: `the guarded port from ${address}`,
      wanted: VANTAGES.find((vantage) => vantage.name === name)?.preferredPort,
      got: port,
    })),
  ];
  return taken
    .filter(({ wanted, got }) => wanted !== got)
    .map(({ what, wanted, got }) => `port ${wanted} is busy: ${what} is on ${got}`);
}

const portOf = (url: string): number => Number(new URL(url).port);
