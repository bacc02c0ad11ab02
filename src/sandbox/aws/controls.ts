import { randomUUID } from 'node:crypto';
import type { Clock } from '../part-options.ts';
import { type Control, ControlError } from '../part.ts';
import { AWS_WORLD } from '../world.ts';
import type { Calls } from './calls.ts';
import type { Ec2Service } from './ec2/index.ts';
import { AwsError } from './error.ts';
import { SANDBOX_CREDENTIALS, userCaller } from './identities.ts';
import { requireVersion } from './s3/require-version.ts';
import { ingressOf } from './snapshot.ts';
import type { AwsState } from './state.ts';

type Body = Record<string, unknown>;

export interface ControlParts {
  readonly state: AwsState;
  readonly calls: Calls;
  readonly ec2: Ec2Service;
  readonly clock: Clock;
}

/** What the control interface offers below `/_sandbox/aws/`. */
export function awsControls({ state, calls, ec2, clock }: ControlParts): Readonly<Record<string, Control>> {
  return {
    calls: async (body) => ({ calls: calls.since(sinceOf(body)) }),

    /** `{ bucket, key }` → the newest version's text. */
    object: async (body) =>
      explained(async () => {
        const bucket = state.buckets.require(text(body, 'bucket'));
        const version = requireVersion(bucket, text(body, 'key'), null);
        const until = version.retention?.until;
        return {
          text: (await bucket.read(version)).toString('utf8'),
          versionId: version.versionId,
          retainUntil: until === undefined ? null : new Date(until).toISOString(),
        };
      }),

    /** `{ id, name?, defaultVpc? }` creates a group; `{ id, deleted: true }` deletes it. */
    group: async (body) => {
      const id = text(body, 'id');
      if (!/^sg-[0-9a-f]{17}$/.test(id)) throw new ControlError('id has to be sg- and 17 hexadecimal digits');
      if (body['deleted'] === true) {
        await state.groups.delete(id);
        return { id, deleted: true };
      }
      if (state.groups.byId(id) !== undefined) throw new ControlError(`${id} exists already`);
      const defaultVpc = body['defaultVpc'] === true;
      const vpcId = defaultVpc ? 'vpc-0d0e0f0a0b0c0d0e0' : AWS_WORLD.vpcs[0].id;
      await state.groups.create({ id, name: optionalText(body, 'name') ?? id, vpcId, defaultVpc });
      return { id, deleted: false };
    },

    /**
     * A rule made or removed by hand, by somebody else in the account: `{ do: 'authorize', group, cidr | prefixList |
     * sourceGroup, fromPort?, toPort?, protocol?, description?, tags? }` or `{ do: 'revoke', group, id }` → `{ rules }`.
     */
    rule: async (body) =>
      explained(async () => {
        const group = text(body, 'group');
        const [action, input] = ruleCall(text(body, 'do'), group, body);
        const caller = userCaller('admin', SANDBOX_CREDENTIALS.admin.accessKeyId);
        const requestId = randomUUID();
        const { account, region } = AWS_WORLD;
        const call = ec2.parseObject(action, input);
        await call.run({ caller, account, region, requestId, now: clock.now() });
        calls.record({
          at: new Date(clock.now()).toISOString(),
          service: ec2.name,
          action,
          account,
          region,
          role: caller.identityArn,
          ok: true,
          requestId,
          input: call.input,
        });
        return { rules: ingressOf(state.groups.byId(group)?.rules ?? []) };
      }),
  };
}

function ruleCall(what: string, group: string, body: Body): [action: string, input: object] {
  if (what === 'revoke') {
    return ['RevokeSecurityGroupIngress', { GroupId: group, SecurityGroupRuleIds: [text(body, 'id')] }];
  }
  if (what !== 'authorize') throw new ControlError("do has to be 'authorize' or 'revoke'");
  const protocol = optionalText(body, 'protocol') ?? 'tcp';
  const Description = optionalText(body, 'description') ?? 'made by hand';
  const cidr = optionalText(body, 'cidr');
  const prefixList = optionalText(body, 'prefixList');
  const sourceGroup = optionalText(body, 'sourceGroup');
  const permission = {
    IpProtocol: protocol,
    ...(protocol !== '-1' && {
      FromPort: body['fromPort'] ?? 8443,
      ToPort: body['toPort'] ?? body['fromPort'] ?? 8443,
    }),
    ...(cidr !== undefined && !cidr.includes(':') && { IpRanges: [{ CidrIp: cidr, Description }] }),
    ...(cidr?.includes(':') === true && { Ipv6Ranges: [{ CidrIpv6: cidr, Description }] }),
    ...(prefixList !== undefined && { PrefixListIds: [{ PrefixListId: prefixList, Description }] }),
    ...(sourceGroup !== undefined && { UserIdGroupPairs: [{ GroupId: sourceGroup, Description }] }),
  };
  const Tags = Object.entries((body['tags'] ?? {}) as Record<string, string>).map(([Key, Value]) => ({
    Key,
    Value,
  }));
  const tagging = Tags.length > 0 && { TagSpecifications: [{ ResourceType: 'security-group-rule', Tags }] };
  return ['AuthorizeSecurityGroupIngress', { GroupId: group, IpPermissions: [permission], ...tagging }];
}

/** Turns what AWS would refuse into a control error that says why. */
async function explained<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AwsError)
      throw new ControlError(`${error.code}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Epoch milliseconds of `since`, which may be a number or ISO 8601; 0 when absent. */
function sinceOf(body: Body): number {
  const since = body['since'] ?? 0;
  const instant = typeof since === 'string' ? Date.parse(since) : since;
  if (typeof instant !== 'number' || Number.isNaN(instant)) {
    throw new ControlError('since has to be epoch milliseconds or an ISO 8601 time');
  }
  return instant;
}

function text(body: Body, name: string): string {
  const value = optionalText(body, name);
  if (value === undefined) throw new ControlError(`${name} is missing`);
  return value;
}

function optionalText(body: Body, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new ControlError(`${name} has to be a string`);
  return value;
}
