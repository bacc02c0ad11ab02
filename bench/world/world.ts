import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startRole } from '../../src/cli/demo/children.ts';
import { environmentOf, type Settings, type SlackSecrets } from '../../src/cli/demo/environment.ts';
import { signingKeys, type Keys } from '../../src/cli/demo/folder.ts';
import { SandboxClient, type SandboxUrls } from '../../src/sandbox/client.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { CACHE } from '../../src/sandbox/programs/program.ts';
import { until } from '../lib/until.ts';
import { Observer, type Port } from '../outside/observer.ts';
import { BucketFromBehind } from './bucket.ts';
import { Happenings } from './happenings.ts';
import { LogReader } from './log-reader.ts';
import { Member } from './member.ts';
import { People } from './people.ts';
import { RestartableRedis } from './redis.ts';
import { WORKFLOW, WORKFLOW_FILE } from './workflow.ts';

/** A simulated host, and the loopback port on which it meets the guarded service. */
export type Host = Port & { readonly address: string };

export type WorldOptions = {
  readonly name: string;
  readonly workers: number;
  /** How many hosts there are to open windows to; as many people ask. */
  readonly hosts: number;
  /** False leaves it to the caller to start the processes, all by `begin` or one by one. */
  readonly start?: boolean;
  /** Modules that run in every process before the product does. */
  readonly preload?: readonly string[];
  /** Beside what a deployment in the local world is given. */
  readonly env?: NodeJS.ProcessEnv;
};

/** The whole product as it is deployed, with people, somebody who looks on from outside, and everything that can fail. */
export type World = {
  /** Logs of every process and the state of the local world: evidence. */
  readonly folder: string;
  readonly client: SandboxClient;
  readonly urls: SandboxUrls;
  readonly slack: SlackSecrets;
  readonly keys: Keys;
  readonly hosts: readonly Host[];
  readonly observer: Observer;
  readonly happenings: Happenings;
  readonly people: People;
  readonly log: LogReader;
  readonly redis: RestartableRedis;
  readonly bot: Member;
  readonly workers: readonly Member[];
  /** Starts every process. */
  begin(): Promise<void>;
  /** Ends everything. Answers in words what did not end well, or had ended by itself. */
  stop(): Promise<string[]>;
  /** Throws the evidence away. */
  forget(): Promise<void>;
};

/** Amazon VPC quotas allow 60 inbound rules of each family in a group, and one stands there already. */
export const MOST_HOSTS = 2 * 59;

const addressOf = (n: number): string =>
  n < MOST_HOSTS / 2 ? `203.0.113.${n + 20}` : `2001:db8::${(n + 20).toString(16)}`;

export async function startWorld(options: WorldOptions): Promise<World> {
  const { name, workers, hosts, start = true, preload = [], env: extra = {} } = options;
  const parent = join(CACHE, 'faults');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, `${name}-`));
  const opened: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).toReversed()) await end();
  };
  try {
    const redis = await RestartableRedis.create(join(folder, 'redis'));
    opened.push(() => redis[Symbol.asyncDispose]());
    const keys = await signingKeys(folder);
    const slack = { signingSecret: secret(), botToken: `xoxb-${secret()}`, appToken: `xapp-${secret()}` };
    const sandbox = await startSandbox({
      stateDir: join(folder, 'sandbox'),
      ports: 'ephemeral',
      ...slack,
      // Many people in one workspace at once: what Slack's limits do is another matter.
      slack: { rates: 'off' },
      probeEveryMs: 0,
      vantages: Array.from({ length: hosts }, (_, n) => ({ name: `host-${n}`, address: addressOf(n) })),
    });
    opened.push(() => sandbox.close());
    const workflows = join(folder, 'workflows');
    await mkdir(workflows);
    await writeFile(join(workflows, `${WORKFLOW}.yaml`), WORKFLOW_FILE);

    const client = new SandboxClient(sandbox.urls.page);
    const happenings = new Happenings(client);
    opened.push(() => happenings[Symbol.asyncDispose]());
    const observer = new Observer();
    opened.push(() => observer[Symbol.asyncDispose]());
    const people = await People.arrive(client, happenings, hosts);

    const settings: Settings = { sandbox, keys, slack, delivery: 'socket', workflows, redisUrl: redis.url };
    const member = (role: 'bot' | 'worker', called: string): Member =>
      new Member(called, folder, preload, (env) =>
        startRole(
          role,
          { ...environmentOf(role, settings), AWS_SDK_UA_APP_ID: called, ...extra, ...env },
          join(folder, `${called}.log`),
        ),
      );
    const bot = member('bot', 'bot');
    const crew = Array.from({ length: workers }, (_, n) => member('worker', `worker-${n + 1}`));
    const all = [bot, ...crew];
    const endings: string[] = [];
    opened.push(async () => {
      const ends = await Promise.all(all.map((each) => each.stop()));
      endings.push(...all.flatMap(({ crashes }) => crashes), ...ends.filter((end) => end !== undefined));
    });
    const begin = async (): Promise<void> => {
      await Promise.all(all.map((each) => each.start()));
      if (!(await until(10_000, () => happenings.connected))) throw new Error('the bot does not reach Slack');
    };
    if (start) await begin();

    return {
      folder,
      client,
      hosts: sandbox.edge.filter((vantage) => vantage.name.startsWith('host-')),
      observer,
      happenings,
      people,
      urls: sandbox.urls,
      slack,
      keys,
      log: new LogReader(new BucketFromBehind(client), keys.vkeys),
      redis,
      bot,
      workers: crew,
      begin,
      stop: async () => {
        await close();
        return endings;
      },
      forget: () => rm(folder, { recursive: true, force: true }),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const secret = (): string => randomBytes(16).toString('hex');
