import type { Socket } from 'node:net';
import { randomWithin } from '../faults.ts';
import { ControlError } from '../part.ts';
import { AWS_WORLD, VANTAGES } from '../world.ts';
import { Console } from './console.ts';
import { reachOf } from './coverage.ts';
import { FlowRecorder } from './flow-recorder.ts';
import { probe } from './probe.ts';
import { reservePorts } from './reservation.ts';
import type { EdgeOptions, EdgePart, ProbeResult, VantageState } from './types.ts';
import { Vantage } from './vantage.ts';

export type { EdgeOptions, EdgePart, ProbeResult, VantageState } from './types.ts';

/** Connections come and go in bursts: one event tells of all within this time. */
const PORTS_EVENT_MS = 50;
const GUARDED_GROUP = AWS_WORLD.securityGroups[0].id;
/** Whose probe is emitted every second. */
const WATCHED = 'requester';

/**
 * Starts the guarded service and the loopback ports in front of it, which follow the security group's rules and the
 * network ACLs of the subnets that lead to it.
 */
export async function createEdgePart(options: EdgeOptions): Promise<EdgePart> {
  const { aws, emit, faults } = options;
  const certificate = aws.heldCertificate(AWS_WORLD.certificate);
  if (certificate === undefined) throw new Error(`ACM holds no certificate ${AWS_WORLD.certificate}`);
  const service = new Console(certificate);
  let served = certificate.certificate;
  const probePorts = new Set<number>();
  let lastEmitted = '';
  let closed = false;
  let portsEvent: NodeJS.Timeout | undefined;

  const hosts = [...VANTAGES, ...(options.vantages ?? []).map((host) => ({ ...host, preferredPort: 0 }))];
  const reservations = await reservePorts(
    hosts.map(({ preferredPort }) => (options.ports === 'ephemeral' ? 0 : preferredPort)),
  );
  const flows = new FlowRecorder(aws, options.clock ?? { now: () => Date.now() });
  const vantages = reservations.map((reservation, index) => {
    const { name, address } = hosts[index] as (typeof hosts)[number];
    const accept = (socket: Socket, subnet: string): void => {
      flows.admitted(socket, address, subnet);
      service.accept(socket);
    };
    return new Vantage({ name, address, accept, changed: announcePorts }, reservation);
  });
  const stopListening = aws.onChange(follow);
  follow();
  await Promise.all(vantages.map((vantage) => vantage.settled()));

  let probing = false;
  const probeEveryMs = options.probeEveryMs ?? 1000;
  const probeTimer =
    probeEveryMs === 0
      ? undefined
      : setInterval(() => {
          if (probing) return;
          probing = true;
          void look(WATCHED)
            .then((data) => emit({ type: 'edge.probe', data }))
            .finally(() => (probing = false));
        }, probeEveryMs);

  function follow(): void {
    const held = aws.heldCertificate(AWS_WORLD.certificate);
    if (held !== undefined && held.certificate !== served) {
      served = held.certificate;
      service.use(held);
    }
    const rules = aws.ingressRules(GUARDED_GROUP);
    const subnets = aws.subnets();
    for (const vantage of vantages) {
      const reach = reachOf(vantage.address, GUARDED_GROUP, rules, subnets);
      vantage.want(reach, randomWithin(faults.get('edge.lagMs')));
    }
  }

  function snapshot(): { vantages: VantageState[] } {
    return {
      vantages: vantages.map((vantage) => ({
        name: vantage.name,
        address: vantage.address,
        port: vantage.port,
        listening: vantage.listening,
        connections: vantage.connections().filter((port) => !probePorts.has(port)).length,
      })),
    };
  }

  function announcePorts(): void {
    if (closed) return;
    portsEvent ??= setTimeout(() => {
      portsEvent = undefined;
      const data = snapshot();
      const text = JSON.stringify(data);
      if (text === lastEmitted) return;
      lastEmitted = text;
      emit({ type: 'edge.ports', data });
    }, PORTS_EVENT_MS);
  }

  async function look(name: string): Promise<ProbeResult> {
    const vantage = vantages.find((candidate) => candidate.name === name);
    if (vantage === undefined) {
      throw new ControlError(
        `no vantage is called ${name}; there are ${vantages.map((one) => one.name).join(', ')}`,
      );
    }
    let localPort: number | undefined;
    const result = await probe(vantage, (port) => {
      localPort = port;
      probePorts.add(port);
      flows.ignore(port);
    });
    // The number may be used again by somebody else once the server has seen the probe go.
    if (localPort !== undefined)
      setTimeout(() => probePorts.delete(localPort as number), PORTS_EVENT_MS).unref();
    return result;
  }

  return {
    name: 'edge',
    snapshot,
    probe: look,
    controls: {
      probe: async (body) => look(String(body['vantage'])),
      /** Ends the interval of the flow logs now. */
      'flow-logs': async () => flows.flush(),
    },
    async reset() {
      for (const vantage of vantages) vantage.dropConnections();
      follow();
    },
    async close() {
      closed = true;
      stopListening();
      clearInterval(probeTimer);
      flows.close();
      clearTimeout(portsEvent);
      await Promise.all(vantages.map((vantage) => vantage.close()));
      service.close();
    },
  };
}
