import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RestartableRedis } from '../../bench/world/redis.ts';
import { startRole } from '../../src/cli/demo/children.ts';
import {
  auditorEnvironment,
  environmentOf,
  type Delivery,
  type Settings,
} from '../../src/cli/demo/environment.ts';
import { startSurroundings, tellSlackWhere, type Surroundings } from '../../src/cli/demo/surroundings.ts';
import { SandboxClient, type ProbeResult, type RecordedCall } from '../../src/sandbox/client.ts';
import { CACHE } from '../../src/sandbox/programs/program.ts';
import { OutsideLog } from './product/outside-log.ts';
import { Role } from './product/role.ts';

type EnvironmentOf = (role: 'bot' | 'worker') => NodeJS.ProcessEnv;

export type ProductOptions = {
  readonly delivery?: Delivery;
  readonly workers?: number;
  /** Added to the environment of a worker, each time one is started. */
  readonly workerEnvironment?: () => NodeJS.ProcessEnv;
  /** Done to Redis before anything starts; answers what each role is told of it beside the usual. */
  readonly secure?: (redis: RestartableRedis, folder: string) => Promise<EnvironmentOf>;
  /** Workflow files beside the examples: name -> text. */
  readonly workflows?: Readonly<Record<string, string>>;
};

/**
 * The whole product as it is deployed: Redis, bot and workers as processes of what was built, in a local world of their
 * own. Everything a test learns about it, it learns from outside.
 */
export class Product implements AsyncDisposable {
  readonly folder: string;
  readonly surroundings: Surroundings;
  readonly settings: Settings;
  readonly redis: RestartableRedis;
  readonly client: SandboxClient;
  readonly log: OutsideLog;
  readonly bot: Role;
  readonly workers: readonly Role[];
  /** The first worker. */
  readonly worker: Role;
  readonly #workerEnvironment: () => NodeJS.ProcessEnv;
  readonly #environmentOf: EnvironmentOf;

  private constructor(
    folder: string,
    surroundings: Surroundings,
    redis: RestartableRedis,
    environment: EnvironmentOf,
    { delivery = 'socket', workers = 1, workerEnvironment = () => ({}) }: ProductOptions,
  ) {
    this.folder = folder;
    this.surroundings = surroundings;
    this.redis = redis;
    this.settings = { ...surroundings, delivery, redisUrl: redis.url };
    this.client = new SandboxClient(surroundings.sandbox.urls.page);
    this.log = new OutsideLog(this.client);
    this.#workerEnvironment = workerEnvironment;
    this.#environmentOf = environment;
    this.bot = this.#role('bot', 'bot');
    this.workers = Array.from({ length: workers }, (_, position) =>
      this.#role('worker', `worker-${position + 1}`),
    );
    const [worker] = this.workers;
    if (worker === undefined) throw new Error('a product has at least one worker');
    this.worker = worker;
  }

  static async start(options: ProductOptions = {}): Promise<Product> {
    const parent = join(CACHE, 'test');
    await mkdir(parent, { recursive: true });
    const folder = await mkdtemp(join(parent, 'product-'));
    const redis = await RestartableRedis.create(join(folder, 'redis'));
    const environment = (await options.secure?.(redis, folder)) ?? (() => ({}));
    const surroundings = await startSurroundings({
      folder,
      ports: 'ephemeral',
      say: () => undefined,
      // Many people in one workspace at once; what Slack's limits do to a decision is tried in test/contract/slack.
      slack: { rates: 'off' },
    });
    for (const [name, text] of Object.entries(options.workflows ?? {}))
      await writeFile(join(surroundings.workflows, name), text);
    const product = new Product(folder, surroundings, redis, environment, options);
    try {
      await Promise.all(product.roles.map((role) => role.start()));
      return product;
    } catch (error) {
      await product[Symbol.asyncDispose]().catch(() => undefined);
      throw error;
    }
  }

  get roles(): readonly Role[] {
    return [this.bot, ...this.workers];
  }

  /** For somebody who may read the log and nothing else. */
  get auditor(): NodeJS.ProcessEnv {
    return auditorEnvironment(this.surroundings.sandbox);
  }

  /** An outside look at the port, from one of the simulated hosts. */
  probe(vantage: string): Promise<ProbeResult> {
    return this.client.probe(vantage);
  }

  /** Calls of one action that AWS carried out or refused, of one request when it is given. */
  async calls(action: string, request?: string): Promise<RecordedCall[]> {
    return (await this.client.awsCalls()).filter(
      (call) =>
        call.action === action && (request === undefined || JSON.stringify(call.input).includes(request)),
    );
  }

  /** Ends everything as an operator would, and says so when a process had ended by itself or does not end well. */
  async [Symbol.asyncDispose](): Promise<void> {
    const crashes = this.roles.flatMap((role) => role.crashes);
    const endings = await Promise.all(
      this.roles.map(async (role) => ({ name: role.name, running: role.pid !== 0, ...(await role.stop()) })),
    );
    await this.surroundings.sandbox.close();
    await this.redis[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
    const bad = endings.filter(({ running, code }) => running && code !== 0);
    const problems = [
      ...crashes,
      ...bad.map(({ name, code, signal }) => `the ${name} did not end well (${signal ?? String(code)})`),
    ];
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  #role(role: 'bot' | 'worker', name: string): Role {
    const logFile = join(this.folder, `${name}.log`);
    const own = role === 'worker' ? this.#workerEnvironment : () => ({});
    const run = () => {
      const usual = environmentOf(role, this.settings);
      return startRole(role, { ...usual, ...this.#environmentOf(role), ...own() }, logFile);
    };
    if (role === 'worker') return new Role(name, logFile, run, () => Promise.resolve());
    return new Role(name, logFile, run, async (started) => {
      if (this.settings.delivery === 'http') return tellSlackWhere(started, this.surroundings);
      await started.said('slack is connected');
    });
  }
}
