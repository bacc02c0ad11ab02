import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { AwsClients } from '../../../src/aws/clients.ts';
import type { Rule, Target } from '../../../src/domain/rule.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { type AwsPart, createAwsPart, SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { Faults } from '../../../src/sandbox/faults.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';

export const DEPLOYMENT = 'contract';

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  pause: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};

export const TARGET: Target = {
  account: AWS_WORLD.account,
  region: AWS_WORLD.region,
  roleArn: AWS_WORLD.roles.worker,
  securityGroups: AWS_WORLD.securityGroups.map(({ id }) => id),
  port: 8443,
  switch: {
    roleArn: AWS_WORLD.roles.switch,
    scheduleGroup: AWS_WORLD.scheduleGroup,
    deadLetterQueue: AWS_WORLD.deadLetterQueue,
  },
  cut: null,
};

/** A call as an outside observer noted it. */
export type NotedCall = {
  readonly action: string;
  readonly ok: boolean;
  readonly role: string | null;
  readonly requestId: string;
  readonly input: Record<string, unknown>;
};

export type AwsWorld = {
  readonly aws: AwsPart;
  readonly faults: Faults;
  readonly clients: AwsClients;
  /** Where the local world keeps its files, the CA's among them. */
  readonly stateDir: string;
  calls(action?: string): Promise<NotedCall[]>;
  control(name: string, body: Record<string, unknown>): Promise<unknown>;
  /** A rule that somebody else in the account makes by hand. */
  addByHand(rule: Rule): Promise<unknown>;
  end(): Promise<void>;
};

export type StartOptions = {
  readonly user?: keyof typeof SANDBOX_CREDENTIALS;
  /** Length of a scheduler minute. */
  readonly minuteMs?: number;
  /** How far AWS's clock is ahead of ours, in ms. */
  readonly clockAheadMs?: () => number;
};

/** The local AWS on a free port, and the product's clients pointed at it by the standard environment alone. */
export async function startAws({
  user = 'worker',
  minuteMs = 60_000,
  clockAheadMs = () => 0,
}: StartOptions = {}): Promise<AwsWorld> {
  const stateDir = await mkdtemp(join(tmpdir(), 'bg-aws-'));
  const faults = new Faults();
  const aws = await createAwsPart({
    stateDir,
    faults,
    emit: () => undefined,
    ports: 'ephemeral',
    minuteMs,
    clock: { now: () => Date.now() + clockAheadMs() },
  });
  const before = setEnvironment({
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: AWS_WORLD.region,
    AWS_ACCESS_KEY_ID: SANDBOX_CREDENTIALS[user].accessKeyId,
    AWS_SECRET_ACCESS_KEY: SANDBOX_CREDENTIALS[user].secretAccessKey,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  const clients = new AwsClients({ deployment: DEPLOYMENT });
  const control = (name: string, body: Record<string, unknown>): Promise<unknown> => {
    const run = aws.controls[name];
    if (run === undefined) throw new Error(`no control is called ${name}`);
    return run(body);
  };
  return {
    aws,
    faults,
    clients,
    stateDir,
    control,
    addByHand: ({ group, address, port }) =>
      control('rule', {
        do: 'authorize',
        group,
        cidr: address,
        fromPort: port,
        toPort: port,
        description: 'by hand',
      }),
    async calls(action) {
      const { calls } = (await control('calls', {})) as { calls: NotedCall[] };
      return calls.filter((call) => action === undefined || call.action === action);
    },
    async end() {
      clients.destroy();
      setEnvironment(before);
      await aws.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

function setEnvironment(
  values: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const before = Object.fromEntries(Object.keys(values).map((name) => [name, process.env[name]]));
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  return before;
}
