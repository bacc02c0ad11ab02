import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { ACMClient } from '@aws-sdk/client-acm';
import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EC2Client } from '@aws-sdk/client-ec2';
import type { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';

import type { Place } from '../domain/rule.ts';
import { changeRetry } from './change-retry.ts';
import { dateRefusals } from './date-refusals.ts';
import { RoleSession } from './role-session.ts';

/** `read` repeats failed calls (three attempts); `change` sends once, so that a lost answer is never a second effect. */
export type Pair<Client> = { readonly read: Client; readonly change: Client };

export type PlaceClients = {
  readonly ec2: Pair<EC2Client>;
  readonly scheduler: Pair<SchedulerClient>;
  readonly acm: Pair<ACMClient>;
};

const CONNECT_MS = 2_000;
/** One attempt, until the answer's headers. EC2 answers in tenths of a second; a closing must not wait for a dead one. */
const ATTEMPT_MS = 4_000;
/** Idle connections are dropped before the other side drops them: a change that meets a closed one has an unknown outcome. */
const IDLE_CONNECTION_MS = 10_000;
const MAX_CONNECTIONS = 128;
/** STS answers in tenths of a second too, and a call may be waiting for it: two attempts within four seconds. */
const STS_ATTEMPT_MS = 1_800;

const READ = { maxAttempts: 3, retryMode: 'standard' } as const;
const CHANGE = { retryStrategy: changeRetry } as const;

export type AwsClientsOptions = {
  readonly deployment: string;
  /** The process's own, where they were given as secrets; null leaves it to the SDK's chain of providers. */
  readonly credentials?: OwnCredentials | null;
  /** Places are reached as this process itself, whatever role they name: for a person with credentials of their own. */
  readonly asOurselves?: boolean;
  /** Milliseconds that never go back: what the age of a role's credentials counts on. */
  readonly monotonic?: () => number;
};

/** What the clients of all services have in common. */
type Sdk = {
  destroy(): void;
  readonly middlewareStack: { use(plugin: typeof dateRefusals): void };
};

type OwnCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/**
 * SDK clients, one set for each (account, region, role), made on first use and kept. Endpoints and the process's own
 * credentials come from the standard AWS_* environment, which the SDK reads itself. All clients share their connections.
 */
export class AwsClients {
  readonly #sessionName: string;
  readonly #own: OwnCredentials | null;
  readonly #asOurselves: boolean;
  readonly #monotonic: () => number;
  readonly #sessions = new Map<string, RoleSession>();
  readonly #trails = new Map<string, Promise<CloudTrailClient>>();
  readonly #logs = new Map<string, Promise<CloudWatchLogsClient>>();
  readonly #kms = new Map<string | undefined, Promise<KMSClient>>();
  readonly #places = new Map<string, PlaceClients>();
  readonly #destroyable: Sdk[] = [];
  readonly #connections = {
    connectionTimeout: CONNECT_MS,
    requestTimeout: ATTEMPT_MS,
    throwOnRequestTimeout: true,
    socketTimeout: ATTEMPT_MS,
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, timeout: IDLE_CONNECTION_MS }),
    httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, timeout: IDLE_CONNECTION_MS }),
  };
  #s3: Pair<S3Client> | undefined;

  constructor({ deployment, credentials, asOurselves = false, monotonic }: AwsClientsOptions) {
    this.#sessionName = sessionName(deployment);
    this.#own = credentials ?? null;
    this.#asOurselves = asOurselves;
    this.#monotonic = monotonic ?? (() => performance.now());
  }

  at(place: Place): PlaceClients {
    const key = placeKey(place);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const made = this.#connect(place);
    this.#places.set(key, made);
    return made;
  }

  /** CloudTrail is seldom asked: its client is loaded when it is. */
  trail(place: Place): Promise<CloudTrailClient> {
    const key = placeKey(place);
    const known = this.#trails.get(key);
    if (known !== undefined) return known;
    const { credentials } = this.at(place).ec2.read.config;
    const made = import('@aws-sdk/client-cloudtrail').then(({ CloudTrailClient }) =>
      this.#keep(
        new CloudTrailClient({
          region: place.region,
          requestHandler: this.#connections,
          credentials,
          ...CHANGE,
        }),
      ),
    );
    this.#trails.set(key, made);
    return made;
  }

  /** For signing keys: the process's own credentials, and its own Region where the key names none. */
  kms(region: string | undefined): Promise<KMSClient> {
    const known = this.#kms.get(region);
    if (known !== undefined) return known;
    const made = import('@aws-sdk/client-kms').then(({ KMSClient }) =>
      this.#keep(
        new KMSClient({
          requestHandler: this.#connections,
          ...(region === undefined ? {} : { region }),
          ...(this.#own === null ? {} : { credentials: this.#own }),
          ...READ,
        }),
      ),
    );
    this.#kms.set(region, made);
    return made;
  }

  /** So are flow logs. */
  logs(place: Place): Promise<CloudWatchLogsClient> {
    const key = placeKey(place);
    const known = this.#logs.get(key);
    if (known !== undefined) return known;
    const { credentials } = this.at(place).ec2.read.config;
    const made = import('@aws-sdk/client-cloudwatch-logs').then(({ CloudWatchLogsClient }) =>
      this.#keep(
        new CloudWatchLogsClient({
          region: place.region,
          requestHandler: this.#connections,
          credentials,
          ...READ,
        }),
      ),
    );
    this.#logs.set(key, made);
    return made;
  }

  /** Fetches the place's credentials ahead of the call that will need them. Never fails: that call says what is wrong. */
  async warm(place: Place): Promise<void> {
    this.at(place);
    await this.#sessions
      .get(placeKey(place))
      ?.credentials()
      .catch(() => undefined);
  }

  /** For the log's bucket: the process's own credentials and region. */
  get s3(): Pair<S3Client> {
    const shared = {
      requestHandler: this.#connections,
      ...(this.#own === null ? {} : { credentials: this.#own }),
    };
    this.#s3 ??= {
      read: this.#keep(new S3Client({ ...shared, ...READ })),
      change: this.#keep(new S3Client({ ...shared, ...CHANGE })),
    };
    return this.#s3;
  }

  destroy(): void {
    for (const client of this.#destroyable) client.destroy();
    this.#connections.httpAgent.destroy();
    this.#connections.httpsAgent.destroy();
  }

  #connect(place: Place): PlaceClients {
    const shared = { region: place.region, requestHandler: this.#connections };
    const own = this.#own === null ? {} : { credentials: this.#own };
    const ec2 = this.#keep(
      new EC2Client({ ...shared, ...READ, ...(this.#asOurselves ? own : this.#inRole(place)) }),
    );
    // A client's own `credentials` remember what they fetched: one role session serves all of them.
    const session = { ...shared, credentials: ec2.config.credentials };
    return {
      ec2: { read: ec2, change: this.#keep(new EC2Client({ ...session, ...CHANGE })) },
      scheduler: {
        read: this.#keep(new SchedulerClient({ ...session, ...READ })),
        change: this.#keep(new SchedulerClient({ ...session, ...CHANGE })),
      },
      acm: {
        read: this.#keep(new ACMClient({ ...session, ...READ })),
        change: this.#keep(new ACMClient({ ...session, ...CHANGE })),
      },
    };
  }

  #inRole(place: Place): { readonly credentials: RoleSession['credentials'] } {
    const session = new RoleSession({
      roleArn: place.roleArn,
      sessionName: this.#sessionName,
      monotonic: this.#monotonic,
      ...(this.#own === null ? {} : { masterCredentials: this.#own }),
      clientConfig: {
        region: place.region,
        maxAttempts: 2,
        requestHandler: {
          ...this.#connections,
          connectionTimeout: STS_ATTEMPT_MS,
          requestTimeout: STS_ATTEMPT_MS,
          socketTimeout: STS_ATTEMPT_MS,
        },
      },
    });
    this.#sessions.set(placeKey(place), session);
    // `memoized` is the SDK's own mark for a provider that remembers: asked for every call, never kept by the wall clock.
    return { credentials: Object.assign(() => session.credentials(), { memoized: true }) };
  }

  #keep<Client extends Sdk>(client: Client): Client {
    client.middlewareStack.use(dateRefusals);
    this.#destroyable.push(client);
    return client;
  }
}

/** One for all that is reached in the same way. */
export const placeKey = ({ account, region, roleArn }: Place): string => [account, region, roleArn].join('|');

/** STS takes 2 to 64 characters of `\w+=,.@-` (AssumeRole, RoleSessionName); it is what CloudTrail shows. */
export function sessionName(deployment: string): string {
  return `breakglass-${deployment.replaceAll(/[^\w+=,.@-]/g, '-')}`.slice(0, 64);
}
