import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import canonicalize from 'canonicalize';
import { switchesIn } from '../../../src/cli/demo/outside.ts';
import type { BreakglassRecord, RecordRef, RecordType, Revoked } from '../../../src/domain/records.ts';
import type {
  IngressRule,
  Message,
  ProbeResult,
  RecordedCall,
  SandboxSnapshot,
} from '../../../src/sandbox/client.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import {
  approve,
  ask,
  CHANNEL,
  form,
  idOf,
  lateness,
  opened,
  person,
  posted,
  press,
  rulesOf,
  settled,
  type Window,
} from '../../support/product/acts.ts';

type Life = {
  readonly wide: Record<string, string>;
  readonly whispered: Message | undefined;
  readonly before: { requester: ProbeResult; inside: ProbeResult };
  readonly afterOwnApproval: ProbeResult;
  readonly window: Window;
  readonly while: { requester: ProbeResult; stranger: ProbeResult; rules: IngressRule[]; card: string };
  readonly lateMs: number;
  readonly calls: RecordedCall[];
  readonly story: RecordType[];
  /** Everything in the log. */
  readonly records: BreakglassRecord[];
  /** Those that the summary beside the log shows. */
  readonly summarised: RecordRef[];
  /** What the log says that AWS had revoked when the closing was noted. */
  readonly revoked: Revoked | undefined;
  /** Key of the object that holds the intention to open. */
  readonly intention: string;
  readonly posted: { key: string; message: Message }[];
  readonly after: { inside: ProbeResult; state: SandboxSnapshot };
  readonly verified: { valid: boolean; records: number };
  readonly retained: (string | null)[];
};

/** One window of ten seconds, from the question to the seal, looked at from outside all along. */
async function live(delivery: 'http' | 'socket'): Promise<Life> {
  await using product = await Product.start({ delivery });
  const { client, log } = product;
  const before = { requester: await product.probe('requester'), inside: await product.probe('monitoring') };

  const wide = await person(product, 'maya').ask(CHANNEL, form({ 'address you come from': '0.0.0.0/0' }));
  const asked = await ask(product);
  await press(product, 'maya', asked, 'Approve');
  const whispered = await eventually('an answer to the requester’s own approval', 30_000, async () =>
    (await client.history(CHANNEL, idOf('maya'))).find(
      ({ is_ephemeral, text }) => is_ephemeral && text.includes('own'),
    ),
  );
  const afterOwnApproval = await product.probe('requester');
  await approve(product, asked, 'jonas');
  const window = await opened(product, asked);
  const card = await eventually('the card says so', 30_000, async () => {
    const text = await cardText(product, window);
    return text.includes('*OPEN*') && text;
  });
  const open = {
    requester: await product.probe('requester'),
    stranger: await product.probe('stranger'),
    rules: await rulesOf(product),
    card,
  };
  const lateMs = await lateness(product, 'requester', window.deadline);
  await settled(product, asked);
  const commits = await log.commits();
  return {
    wide,
    whispered,
    before,
    afterOwnApproval,
    window,
    while: open,
    lateMs,
    calls: await client.awsCalls(),
    story: await log.story(asked.id),
    records: await log.records(),
    summarised: await summarised(product, asked.id),
    revoked: (await log.until('close.intended', asked.id, 0)).revoked,
    intention: await log.keyOf('open.intended', asked.id),
    posted: await posted(product, asked),
    after: { inside: await product.probe('monitoring'), state: await client.state() },
    verified: await client.verify(),
    retained: await Promise.all(
      Array.from({ length: commits }, async (_, position) => {
        const key = `log/${String(position + 1).padStart(16, '0')}`;
        return (await client.awsObject(AWS_WORLD.logBucket, key)).retainUntil;
      }),
    ),
  };
}

/** The first summary, read as it lies in the bucket. */
async function summarised({ client, log }: Product, request: string): Promise<RecordRef[]> {
  const { objects } = await log.until('summary.written', request, 20_000);
  const { text } = await client.awsObject(AWS_WORLD.logBucket, objects[0]!.key);
  return (JSON.parse(text) as { records: RecordRef[] }).records;
}

/** Where records that name the request stand before this one, and their RFC 6962 leaf hashes. */
const namedBefore = (records: readonly BreakglassRecord[], position: number, request: string) =>
  records
    .map((record, index) => ({ record, index }))
    .slice(0, position)
    .filter(({ record }) => 'request' in record && record.request === request)
    .map(({ record, index }) => ({
      index,
      leaf: createHash('sha256')
        .update('\0')
        .update(String(canonicalize(record)))
        .digest('hex'),
    }));

async function cardText(product: Product, { channel, card }: Window): Promise<string> {
  const message = (await product.client.history(channel, idOf('jonas'))).find(({ ts }) => ts === card);
  return JSON.stringify(message?.blocks);
}

const lives = {} as Record<'http' | 'socket', Life>;

beforeAll(async () => {
  [lives.http, lives.socket] = await Promise.all([live('http'), live('socket')]);
}, 180_000);

describe.each(['http', 'socket'] as const)(
  'a window from the question to the seal, Slack over %s',
  (delivery) => {
    test('before anybody approves nobody outside gets in, and the requester’s own approval changes nothing', () => {
      const { before, afterOwnApproval, whispered } = lives[delivery];

      expect([before.requester.open, afterOwnApproval.open]).toEqual([false, false]);
      expect(before.inside.open).toBe(true);
      expect(whispered?.text).toContain('This is your own request: somebody else has to decide it.');
    });

    test('an address that is wider than one host is refused under its field', () => {
      expect(Object.values(lives[delivery].wide)).toEqual([
        'This names more than one address. Write the one address you come from.',
      ]);
    });

    test('opens to the address that was asked for, and to no other', () => {
      const { requester, stranger, rules, card } = lives[delivery].while;

      expect([requester.open, stranger.open]).toEqual([true, false]);
      expect(rules).toMatchObject([
        { cidr: '203.0.113.7/32', fromPort: 8443, toPort: 8443, protocol: 'tcp' },
      ]);
      expect(card).toContain('OPEN');
    });

    test('every rule carries its request, its end and the deployment', () => {
      const {
        window,
        while: { rules },
      } = lives[delivery];

      expect(rules.map(({ tags }) => tags)).toEqual([
        {
          'breakglass:deployment': 'demo',
          'breakglass:request': window.id,
          'breakglass:expires-at': String(window.intended.deadline),
        },
      ]);
    });

    test('the switch is armed and read back before the rule exists, and authorized is called once', () => {
      const done = lives[delivery].calls.filter(({ ok }) => ok).map(({ action }) => action);
      const authorized = done.indexOf('AuthorizeSecurityGroupIngress');

      expect(done.filter((action) => action === 'AuthorizeSecurityGroupIngress')).toHaveLength(1);
      expect(done.indexOf('CreateSchedule')).toBeGreaterThanOrEqual(0);
      expect(done.indexOf('GetSchedule')).toBeGreaterThan(done.indexOf('CreateSchedule'));
      expect(authorized).toBeGreaterThan(done.indexOf('GetSchedule'));
    });

    test('what was approved is in the log before the rule exists', () => {
      const { calls, intention } = lives[delivery];
      const done = calls.filter(({ ok }) => ok);
      const written = done.findIndex(
        ({ action, input }) => action === 'PutObject' && (input as { Key?: string }).Key === intention,
      );

      expect(written).toBeGreaterThan(0);
      expect(done.findIndex(({ action }) => action === 'AuthorizeSecurityGroupIngress')).toBeGreaterThan(
        written,
      );
    });

    test('closes within a second of its deadline', () => {
      expect(lives[delivery].lateMs).toBeLessThan(1_000);
    });

    test('the revoke that AWS accepted is in the log before its effect is proven', () => {
      const { calls, window, revoked } = lives[delivery];
      const accepted = calls.filter(({ action, ok }) => action === 'RevokeSecurityGroupIngress' && ok);

      expect(revoked).toEqual({
        ruleIds: window.confirmed.rules.map(({ ruleId }) => ruleId),
        awsRequests: accepted.map(({ requestId }) => requestId),
      });
    });

    test('every call that changed something in AWS is in its records, by its request id', () => {
      const { calls, records, window } = lives[delivery];
      const changes =
        /^((Authorize|Revoke)SecurityGroupIngress|(Create|Update|Delete)(Schedule|Tags|NetworkAclEntry)|ImportCertificate)$/;
      const made = calls.filter(({ action, ok }) => ok && changes.test(action));
      const named = records
        .filter((record) => 'request' in record && record.request === window.id)
        .flatMap((record) => [
          ...('awsRequests' in record ? (record.awsRequests ?? []) : []),
          ...('switchRequests' in record ? (record.switchRequests ?? []) : []),
        ]);

      // The switch, and what removes the two entries that cut.
      expect(made.map(({ action }) => action).toSorted()).toEqual([
        'AuthorizeSecurityGroupIngress',
        'CreateNetworkAclEntry',
        'CreateNetworkAclEntry',
        'CreateSchedule',
        'CreateSchedule',
        'CreateSchedule',
        'DeleteSchedule',
        'ImportCertificate',
        'RevokeSecurityGroupIngress',
        'UpdateSchedule',
      ]);
      expect(named.toSorted()).toEqual(made.map(({ requestId }) => requestId).toSorted());
    });

    test('leaves no rule and no switch behind, and everybody else’s rules as they were', () => {
      const { state } = lives[delivery].after;
      const { aws } = state;

      expect(switchesIn(state)).toEqual([]);
      expect(
        aws.securityGroups
          .flatMap(({ rules }) => rules)
          .map(({ id }) => id)
          .toSorted(),
      ).toEqual(AWS_WORLD.standingRules.map(({ id }) => id).toSorted());
    });

    test('the certificate that was exposed is replaced', () => {
      const { before, after } = lives[delivery];

      expect(before.inside.fingerprint).toEqual(expect.any(String));
      expect(after.inside.fingerprint).toEqual(expect.any(String));
      expect(after.inside.fingerprint).not.toBe(before.inside.fingerprint);
    });

    test('the record tells the whole story, in order, and each thing once', () => {
      expect(lives[delivery].story).toEqual([
        'request.asked',
        'action.refused',
        'approval.given',
        'open.intended',
        'open.armed',
        'open.confirmed',
        'close.intended',
        'close.confirmed',
        'rotation.started',
        'rotation.confirmed',
        'request.sealed',
      ]);
    });

    test('the seal names each of its records with its leaf hash, the refusal too, and so does the summary', () => {
      const { records, window, summarised: shown } = lives[delivery];
      const position = records.findIndex(
        (record) => record.type === 'request.sealed' && record.request === window.id,
      );
      const named = namedBefore(records, position, window.id);

      expect(named.map(({ index }) => records[index]?.type)).toContain('action.refused');
      expect(records[position]).toMatchObject({ records: named });
      expect(shown).toMatchObject([...named, { index: position }]);
    });

    test('the thread, the card and the audit channel tell it too, each message once', () => {
      const { posted: messages } = lives[delivery];
      const card = messages.find(({ key }) => key === 'card')?.message;

      expect(messages.map(({ key }) => key).toSorted()).toEqual(
        ['card', 'approved:1', 'open', 'closed', 'rotated', 'audit', 'sealed'].toSorted(),
      );
      expect(JSON.stringify(card?.blocks)).toContain('record sealed');
      expect(JSON.stringify(card?.blocks)).not.toContain('"type":"actions"');
    });

    test('the log verifies, and every object of it is locked', () => {
      const { verified, retained } = lives[delivery];

      expect(verified).toMatchObject({ valid: true });
      expect(retained).not.toContain(null);
      expect(retained.length).toBeGreaterThan(10);
    });
  },
);
