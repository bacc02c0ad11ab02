import { createAwsPart } from './aws/index.ts';
import { busyPorts } from './busy-ports.ts';
import type { SandboxUrls } from './client-types.ts';
import type { Verify } from './control/control-interface.ts';
import { type FrontServer, startFrontServer } from './control/front-server.ts';
import { createEdgePart, type VantageState } from './edge/index.ts';
import { Faults } from './faults.ts';
import { createIncidentsPart } from './incidents/index.ts';
import { createSlackPart, type SlackPart, type SlackTuning } from './slack/index.ts';

export { SANDBOX_CREDENTIALS } from './aws/index.ts';
export { SANDBOX_PAGERDUTY_TOKEN } from './incidents/index.ts';
export { SandboxClient } from './client.ts';
export type { SandboxUrls } from './client-types.ts';
export type { Verify } from './control/control-interface.ts';

export interface SandboxOptions {
  /** Folder of everything the sandbox keeps; it is created, and a later start on it continues where this one ended. */
  readonly stateDir: string;
  /** `preferred` (the default): the documented ports or the next free ones. `ephemeral`: any free ones, for tests. */
  readonly ports?: 'preferred' | 'ephemeral';
  /** Where Slack's HTTP deliveries go, e.g. `http://127.0.0.1:3000/slack/events`; without it only Socket Mode delivers. */
  readonly requestUrl?: string;
  readonly signingSecret: string;
  readonly botToken: string;
  readonly appToken: string;
  /** Runs when somebody presses Verify or Tamper on the page; its answer is shown as it is. */
  readonly verify?: Verify;
  /** Gets one line for each thing worth telling, such as a port that was busy. */
  readonly log?: (line: string) => void;
  readonly slack?: SlackTuning;
  /** Length of a scheduler minute; shorter only in tests. Default 60,000. */
  readonly schedulerMinuteMs?: number;
  /** Simulated hosts besides those of the seeded world, each on a free port. */
  readonly vantages?: readonly { readonly name: string; readonly address: string }[];
  /** Milliseconds between the probes on the event stream; 0 turns them off. Default 1,000. */
  readonly probeEveryMs?: number;
}

export interface Sandbox extends AsyncDisposable {
  readonly urls: SandboxUrls;
  /** The simulated hosts with the ports they were given. */
  readonly edge: readonly VantageState[];
  readonly slack: SlackPart;
  readonly faults: Faults;
  close(): Promise<void>;
}

/**
 * Starts the whole local world on 127.0.0.1: Slack, AWS, the guarded service behind its edge, the incident
 * system, and the front server with the page and the control interface. Throws when a listener cannot be had;
 * then nothing is left running.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { stateDir, log = () => {} } = options;
  const ports = options.ports ?? 'preferred';
  const faults = new Faults();
  const opened: { close(): Promise<void> }[] = [];
  const close = once(async () => {
    for (const part of opened.toReversed()) await part.close();
  });
  try {
    const front: FrontServer = await startFrontServer({
      ports,
      faults,
      log,
      ...(options.verify && { verify: options.verify }),
    });
    opened.push(front);
    const shared = { stateDir, faults, ports, emit: front.emit };
    const slack = await createSlackPart({
      ...shared,
      baseUrl: front.url,
      botToken: options.botToken,
      appToken: options.appToken,
      signingSecret: options.signingSecret,
      log,
      ...(options.requestUrl !== undefined && { requestUrl: options.requestUrl }),
      ...options.slack,
    });
    opened.push(slack);
    const incidents = await createIncidentsPart(shared);
    opened.push(incidents);
    const aws = await createAwsPart({
      ...shared,
      ...(options.schedulerMinuteMs !== undefined && { minuteMs: options.schedulerMinuteMs }),
    });
    opened.push(aws);
    const edge = await createEdgePart({
      ...shared,
      aws,
      ...(options.vantages && { vantages: options.vantages }),
      ...(options.probeEveryMs !== undefined && { probeEveryMs: options.probeEveryMs }),
    });
    opened.push(edge);
    const urls: SandboxUrls = {
      page: front.url,
      slackApi: `${front.url}/api/`,
      aws: aws.url,
      pagerduty: `${front.url}/pagerduty`,
      pageHook: `${front.url}/page-hook`,
    };
    front.mount({ slack, aws, edge, incidents, urls });
    if (ports === 'preferred') busyPorts(urls, edge.snapshot().vantages).forEach(log);
    return {
      urls,
      edge: edge.snapshot().vantages,
      slack,
      faults,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= run());
}
