import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { ACMClient } from '@aws-sdk/client-acm';
import { EC2Client } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';

import type { Target } from '../domain/rule.ts';

/** Whose resources: every call is made as `roleArn`, in `region`. */
export type Place = Pick<Target, 'account' | 'region' | 'roleArn'>;

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

const READ = { maxAttempts: 3, retryMode: 'standard' } as const;
const CHANGE = { maxAttempts: 1 } as const;

export type AwsClientsOptions = {
  readonly deployment: string;
  /** The process's own, where they were given as secrets; null leaves it to the SDK's chain of providers. */
  readonly credentials?: OwnCredentials | null;
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
  readonly #places = new Map<string, PlaceClients>();
  readonly #destroyable: { destroy(): void }[] = [];
  readonly #connections = {
    connectionTimeout: CONNECT_MS,
    requestTimeout: ATTEMPT_MS,
    throwOnRequestTimeout: true,
    socketTimeout: ATTEMPT_MS,
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, timeout: IDLE_CONNECTION_MS }),
    httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, timeout: IDLE_CONNECTION_MS }),
  };
  #s3: Pair<S3Client> | undefined;

  constructor({ deployment, credentials }: AwsClientsOptions) {
    this.#sessionName = sessionName(deployment);
    this.#own = credentials ?? null;
  }

  at(place: Place): PlaceClients {
    const key = [place.account, place.region, place.roleArn].join('|');
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const made = this.#connect(place);
    this.#places.set(key, made);
    return made;
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

  #connect({ region, roleArn }: Place): PlaceClients {
    const shared = { region, requestHandler: this.#connections };
    const credentials = fromTemporaryCredentials({
      ...(this.#own === null ? {} : { masterCredentials: this.#own }),
      params: { RoleArn: roleArn, RoleSessionName: this.#sessionName },
      clientConfig: { ...shared, ...READ },
    });
    const ec2 = this.#keep(new EC2Client({ ...shared, ...READ, credentials }));
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

  #keep<Client extends { destroy(): void }>(client: Client): Client {
    this.#destroyable.push(client);
    return client;
  }
}

/** STS takes 2 to 64 characters of `\w+=,.@-` (AssumeRole, RoleSessionName); it is what CloudTrail shows. */
export function sessionName(deployment: string): string {
  return `breakglass-${deployment.replaceAll(/[^\w+=,.@-]/g, '-')}`.slice(0, 64);
}
