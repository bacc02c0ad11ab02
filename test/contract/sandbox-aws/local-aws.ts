import { ACMClient } from '@aws-sdk/client-acm';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AwsOptions,
  type AwsPart,
  SANDBOX_CREDENTIALS,
  createAwsPart,
} from '../../../src/sandbox/aws/index.ts';
import { Faults } from '../../../src/sandbox/faults.ts';
import type { SandboxEvent } from '../../../src/sandbox/part.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';

export const GROUP = AWS_WORLD.securityGroups[0].id;

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A local AWS in a folder of its own, and unmodified SDK clients that speak to it. */
export class LocalAws implements AsyncDisposable {
  readonly faults = new Faults();
  readonly events: SandboxEvent[] = [];
  readonly stateDir: string;
  readonly #options: Partial<AwsOptions>;
  readonly #clients: { destroy(): void }[] = [];
  part!: AwsPart;

  private constructor(stateDir: string, options: Partial<AwsOptions>) {
    this.stateDir = stateDir;
    this.#options = options;
  }

  static async start(options: Partial<AwsOptions> = {}): Promise<LocalAws> {
    const aws = new LocalAws(await mkdtemp(join(tmpdir(), 'sandbox-aws-')), options);
    await aws.#start(0);
    return aws;
  }

  /** Stops and starts again on the same port with the same folder. */
  async restart(): Promise<void> {
    await this.part.close();
    await this.reopen();
  }

  /** After `part.close()`: starts again on the same port with the same folder. */
  async reopen(): Promise<void> {
    await this.#start(this.part.port);
  }

  async assume(roleArn: string, as: Credentials = SANDBOX_CREDENTIALS.worker): Promise<Credentials> {
    const answer = await this.sts(as).send(
      new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'test' }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken } = answer.Credentials ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined || SessionToken === undefined) {
      throw new Error('no credentials in the answer');
    }
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  }

  asWorker(): Promise<Credentials> {
    return this.assume(AWS_WORLD.roles.worker);
  }

  ec2(credentials: Credentials): EC2Client {
    return this.#keep(new EC2Client(this.#config(credentials)));
  }

  sts(credentials: Credentials): STSClient {
    return this.#keep(new STSClient(this.#config(credentials)));
  }

  scheduler(credentials: Credentials): SchedulerClient {
    return this.#keep(new SchedulerClient(this.#config(credentials)));
  }

  acm(credentials: Credentials): ACMClient {
    return this.#keep(new ACMClient(this.#config(credentials)));
  }

  cloudTrail(credentials: Credentials): CloudTrailClient {
    return this.#keep(new CloudTrailClient(this.#config(credentials)));
  }

  logs(credentials: Credentials): CloudWatchLogsClient {
    return this.#keep(new CloudWatchLogsClient(this.#config(credentials)));
  }

  kms(credentials: Credentials): KMSClient {
    return this.#keep(new KMSClient(this.#config(credentials)));
  }

  s3(credentials: Credentials): S3Client {
    return this.#keep(new S3Client(this.#config(credentials)));
  }

  control<Answer>(verb: string, body: Record<string, unknown> = {}): Promise<Answer> {
    const control = this.part.controls[verb];
    if (control === undefined) throw new Error(`no control is called ${verb}`);
    return control(body) as Promise<Answer>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.part.close();
    await rm(this.stateDir, { recursive: true, force: true });
  }

  async #start(port: number): Promise<void> {
    const { stateDir, faults } = this;
    const emit = (event: SandboxEvent) => void this.events.push(event);
    this.part = await createAwsPart({ stateDir, faults, emit, ports: 'ephemeral', port, ...this.#options });
  }

  #config(credentials: Credentials) {
    // One attempt: what the sandbox answers is what the test sees.
    return { endpoint: this.part.url, region: AWS_WORLD.region, credentials, maxAttempts: 1 };
  }

  #keep<Client extends { destroy(): void }>(client: Client): Client {
    this.#clients.push(client);
    return client;
  }
}

/** The error's name, or undefined when the work succeeds. */
export async function errorName(work: Promise<unknown>): Promise<string | undefined> {
  return (await errorOf(work))?.name;
}

export async function errorOf(
  work: Promise<unknown>,
): Promise<(Error & { $metadata?: { httpStatusCode?: number } }) | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Polls until the probe answers something; fails after twenty seconds. */
export async function eventually<Value>(
  probe: () => Promise<Value | undefined> | Value | undefined,
): Promise<Value> {
  const giveUpAt = performance.now() + 20_000;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > giveUpAt) throw new Error('what was waited for did not happen within 20 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
