import { randomUUID } from 'node:crypto';
import { type Control, ControlError } from '../part.ts';
import { AWS_WORLD } from '../world.ts';
import { type HandCall, aclEntryCall, ruleCall } from './by-hand.ts';
import type { Calls } from './calls.ts';
import { changedInterface } from './change-interface.ts';
import { type Body, explained, optionalText, text } from './control-body.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Ec2Service } from './ec2/index.ts';
import { somebodyElse } from './identities.ts';
import { changedKey } from './kms/change-key.ts';
import { arnOf } from './kms/keys.ts';
import { requireVersion } from './s3/require-version.ts';
import { TAMPERINGS } from './s3/tamperings.ts';
import { aclView, ingressOf, interfaceView } from './snapshot.ts';
import type { AwsState } from './state.ts';

export interface ControlParts {
  readonly state: AwsState;
  readonly calls: Calls;
  readonly ec2: Ec2Service;
  readonly dispatcher: Dispatcher;
}

/** What the control interface offers below `/_sandbox/aws/`. */
export function awsControls({
  state,
  calls,
  ec2,
  dispatcher,
}: ControlParts): Readonly<Record<string, Control>> {
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

    /** The ways in which `tamper` alters a copy of the log's bucket → `{ tamperings: [{ name, text }] }`. */
    tamperings: () =>
      Promise.resolve({ tamperings: TAMPERINGS.map(({ name, text: how }) => ({ name, text: how })) }),

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
    rule: async (body) => {
      await byHand(ruleCall(body));
      return { rules: ingressOf(state.groups.byId(text(body, 'group'))?.rules ?? []) };
    },

    /**
     * The same for an entry of a network ACL: `{ do: 'create', acl, ruleNumber, cidr, egress?, protocol?, fromPort?,
     * toPort?, action? }` or `{ do: 'delete', acl, ruleNumber, egress? }` → the ACL.
     */
    'acl-entry': async (body) => {
      await byHand(aclEntryCall(body));
      const acl = state.acls.byId(text(body, 'acl'));
      return acl && aclView(acl);
    },

    /** `{ alias, spec? }` makes a signing key for everybody, `{ key, state }` enables or disables one → its ARN. */
    'kms-key': async (body) => {
      const key = await changedKey(state.kmsKeys, body);
      return { arn: arnOf(key), state: key.state };
    },

    /** `{ id, tcpEstablishedTimeout?, groups?, subnet? }` changes an interface, or makes one in a subnet → the interface. */
    interface: async (body) => {
      const changed = changedInterface(state.interfaces, body);
      await state.interfaces.put(changed);
      return interfaceView(changed);
    },
  };

  function byHand([action, input]: HandCall): Promise<unknown> {
    return explained(() =>
      dispatcher.executeByHand(ec2, ec2.parseObject(action, input), {
        caller: somebodyElse(),
        region: AWS_WORLD.region,
        requestId: randomUUID(),
        source: AWS_WORLD.somebodyElse.address,
        userAgent: 'console.amazonaws.com',
      }),
    );
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
