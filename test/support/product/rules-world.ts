import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  SANDBOX_CREDENTIALS,
  SandboxClient,
  startSandbox,
  type Sandbox,
} from '../../../src/sandbox/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { run } from '../../../src/cli/program.ts';
import { breakglass, type Output } from './command-line.ts';

export const [PAYMENTS, LEDGER] = AWS_WORLD.securityGroups.map(({ id }) => id) as [string, string];

export type RuleOfTest = {
  readonly group?: string;
  readonly address?: string;
  readonly deployment?: string | null;
  readonly request?: string;
  /** Epoch seconds; ten minutes from now when left out. */
  readonly expiresAt?: number;
};

/** Rules in AWS and nothing else of the product: no log that can be read, no Slack that answers, no Redis. */
export class RulesWorld implements AsyncDisposable {
  readonly client: SandboxClient;
  readonly #sandbox: Sandbox;
  readonly #folder: string;

  private constructor(sandbox: Sandbox, folder: string) {
    this.#sandbox = sandbox;
    this.#folder = folder;
    this.client = new SandboxClient(sandbox.urls.page);
  }

  static async start(): Promise<RulesWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'bg-rules-'));
    const secret = randomBytes(12).toString('hex');
    const sandbox = await startSandbox({
      stateDir: folder,
      ports: 'ephemeral',
      signingSecret: secret,
      botToken: `xoxb-${secret}`,
      appToken: `xapp-${secret}`,
      probeEveryMs: 0,
    });
    const world = new RulesWorld(sandbox, folder);
    await world.client.faults({ 's3.down': true, 'slack.down': true });
    return world;
  }

  /** What an operator's shell holds: credentials, a Region, and where this AWS is. */
  env(who: keyof typeof SANDBOX_CREDENTIALS = 'admin', deployment = 'demo'): NodeJS.ProcessEnv {
    const { accessKeyId, secretAccessKey } = SANDBOX_CREDENTIALS[who];
    return {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: AWS_WORLD.region,
      AWS_ENDPOINT_URL: this.#sandbox.urls.aws,
      AWS_EC2_METADATA_DISABLED: 'true',
      BREAKGLASS_DEPLOYMENT: deployment,
    };
  }

  /** `breakglass` as a process of its own. */
  run(args: readonly string[], env = this.env()): Promise<Output> {
    return breakglass(args, env);
  }

  /** The same within this process, for which a process of its own is not worth it. One world a test file may do so. */
  async runHere(args: readonly string[], env: NodeJS.ProcessEnv = this.env()): Promise<Output> {
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: this.#sandbox.urls.aws,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      AWS_CONFIG_FILE: '/nonexistent',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    });
    const lines: Record<'out' | 'err', string[]> = { out: [], err: [] };
    const code = await run(args, {
      out: (line) => lines.out.push(line),
      err: (line) => lines.err.push(line),
      env,
    });
    return { code, out: lines.out.join('\n'), err: lines.err.join('\n') };
  }

  /** A rule with the tags that a worker gives it; with `deployment: null` it has none. Answers its id. */
  async open(rule: RuleOfTest = {}): Promise<string> {
    const { group = PAYMENTS, address = '203.0.113.7/32', deployment = 'demo' } = rule;
    const { request = 'bg-0123456789', expiresAt = Math.floor(Date.now() / 1000) + 600 } = rule;
    const tags = {
      'breakglass:deployment': deployment ?? '',
      'breakglass:request': request,
      'breakglass:expires-at': String(expiresAt),
    };
    const { rules } = await this.client.control<{ rules: { id: string; cidr: string }[] }>('aws/rule', {
      do: 'authorize',
      group,
      cidr: address,
      ...(deployment !== null && { tags }),
    });
    return rules.find(({ cidr }) => cidr === address)?.id ?? '';
  }

  /** Ids of every rule that AWS holds, or of one deployment, apart from those that were there before anybody came. */
  async left(deployment?: string): Promise<string[]> {
    const standing = new Set<string>(AWS_WORLD.standingRules.map(({ id }) => id));
    const { aws } = await this.client.state();
    const rules = aws.securityGroups.flatMap((group) => group.rules);
    const ids = new Set(rules.map(({ id }) => id));
    if ([...standing].some((id) => !ids.has(id))) throw new Error('a standing rule is gone');
    return rules
      .filter(({ id }) => !standing.has(id))
      .filter(({ tags }) => deployment === undefined || tags['breakglass:deployment'] === deployment)
      .map(({ id }) => id)
      .toSorted();
  }

  async revokes(): Promise<{ group: string; ids: string[]; ok: boolean }[]> {
    const calls = await this.client.awsCalls();
    return calls
      .filter(({ action }) => action === 'RevokeSecurityGroupIngress')
      .map(({ input, ok }) => {
        const fields = Object.entries(input as Record<string, string>);
        const ids = fields.filter(([name]) => name.startsWith('SecurityGroupRuleId')).map(([, id]) => id);
        return { group: Object.fromEntries(fields)['GroupId'] ?? '', ids: ids.toSorted(), ok };
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sandbox.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
