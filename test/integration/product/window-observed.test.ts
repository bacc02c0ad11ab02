import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { AuthorizeSecurityGroupIngressCommand, EC2Client } from '@aws-sdk/client-ec2';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/index.ts';
import { AWS_WORLD, SECURITY_CHANNEL, VANTAGES } from '../../../src/sandbox/world.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import { idOf, openWindow, posted, settled, type Window } from '../../support/product/acts.ts';
import { breakglass, type Output } from '../../support/product/command-line.ts';
import type { RecordOf } from '../../support/product/outside-log.ts';
import { WorkerClock } from '../../support/product/worker-clock.ts';

/** Flow logs and CloudTrail are waited for this long; the worker's clock is set forward by it. */
const LATER = 21 * 60_000;
/** And by this for the second comparison with CloudTrail. */
const MUCH_LATER = 100 * 60_000;
const GROUP = AWS_WORLD.securityGroups[0].id;
const [REQUESTER] = VANTAGES;
const LATER_ON = `--import data:text/javascript,${encodeURIComponent(`const now=Date.now;Date.now=()=>now()+${LATER}`)}`;

async function session({ client }: Product): Promise<TLSSocket> {
  const { edge } = await client.state();
  const port = edge.vantages.find(({ name }) => name === REQUESTER.name)?.port ?? 0;
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  socket.write('GET / HTTP/1.1\r\nhost: console\r\n\r\n');
  await once(socket, 'data');
  return socket;
}

const endInterval = async ({ surroundings }: Product): Promise<void> => {
  const answer = await fetch(`${surroundings.sandbox.urls.page}/_sandbox/edge/flow-logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  if (!answer.ok) throw new Error(await answer.text());
};

describe('once a window is over', () => {
  let clock: WorkerClock;
  let product: Product;
  let window: Window;
  let observed: RecordOf<'window.observed'>;
  let alike: Output;
  let socket: TLSSocket;

  /** One at a time: CloudTrail bears the look-ups of two processes, and the worker is one of them. */
  const compare = (...args: string[]): Promise<Output> =>
    breakglass(['log', 'compare', ...args], { ...product.auditor, NODE_OPTIONS: LATER_ON });

  beforeAll(async () => {
    clock = await WorkerClock.create();
    product = await Product.start({ workerEnvironment: () => clock.environment('test/support/sooner.mjs') });
    window = await openWindow(product);
    socket = await session(product);
    await endInterval(product);
    await settled(product, window);
    // One interval ends with the window in it, and the next has begun after it.
    await endInterval(product);
    await eventually('a second has gone by', 5_000, () =>
      Promise.resolve(Date.now() > window.deadline + 2_000 ? true : undefined),
    );
    await endInterval(product);
    await endInterval(product);
    await clock.setForward(product.worker, LATER);
    [observed, alike] = await Promise.all([
      product.log.until('window.observed', window.id, 90_000),
      compare(),
    ]);
  }, 180_000);

  afterAll(async () => {
    socket?.destroy();
    await product?.[Symbol.asyncDispose]();
    await clock?.[Symbol.asyncDispose]();
  });

  test('its record says who was connected, from the flow logs', () => {
    expect(observed.connections).toMatchObject({
      complete: true,
      gaps: [],
      total: { connections: 1, alive: 0 },
      seen: [{ source: REQUESTER.address, sourcePort: expect.any(Number), alive: false }],
    });
  });

  test('and what was changed in AWS meanwhile, from CloudTrail', () => {
    const { complete, seen } = observed.calls;

    expect(complete).toBe(true);
    expect(seen.map(({ event }) => event)).toEqual([
      'AuthorizeSecurityGroupIngress',
      'RevokeSecurityGroupIngress',
    ]);
    expect(seen.map(({ awsRequest }) => awsRequest)).toEqual(
      expect.arrayContaining([...window.confirmed.awsRequests]),
    );
    expect(seen.every(({ principal }) => principal.includes('breakglass-worker'))).toBe(true);
  });

  test('it follows the seal, and the log still verifies', async () => {
    const story = await product.log.story(window.id);
    const { code } = await breakglass(['log', 'verify'], product.auditor);

    expect(story.indexOf('window.observed')).toBeGreaterThan(story.indexOf('request.sealed'));
    expect(code).toBe(0);
  });

  test('thread and audit channel are told in one line each, once', async () => {
    const told = await eventually('the last message', 20_000, async () => {
      const all = (await posted(product, window)).filter(({ key }) => key.startsWith('observed'));
      return all.length >= 2 ? all : undefined;
    });

    expect(told.map(({ key }) => key).toSorted()).toEqual(['observed', 'observed:audit']);
    expect(told.every(({ message }) => message.text?.includes('1 connection of the granted address'))).toBe(
      true,
    );
  });

  describe('the log and CloudTrail', () => {
    let awsRequest: string;
    let plain: Output;
    let asJson: Output;

    beforeAll(async () => {
      awsRequest = await misuse(product);
      plain = await compare();
      asJson = await compare('--json');
    }, 120_000);

    test('tell the same', () => {
      const { code, out, err } = alike;

      expect([code, err]).toEqual([0, '']);
      expect(out).toMatch(/^ALIKE .*breakglass-worker: \d+ changes in CloudTrail, 0 differences$/m);
    });

    test('differ once somebody else has used the worker’s role', () => {
      expect([plain.code, asJson.code]).toEqual([1, 1]);
      expect(plain.out).toContain(`no record accounts for AuthorizeSecurityGroupIngress on ${GROUP}`);
      expect(JSON.parse(asJson.out)).toMatchObject({
        places: [{ differences: [{ kind: 'no-record', awsRequest }] }],
      });
    });

    test('are compared by the worker as well, which says so once and wakes somebody', async () => {
      await clock.setForward(product.worker, MUCH_LATER);

      const found = await eventually('the difference', 60_000, async () =>
        (await product.log.all('trail.compared')).find(({ different }) => different > 0),
      );

      expect(found).toMatchObject({ different: 1, complete: true, differences: [{ kind: 'no-record' }] });
      const pages = await eventually('the page', 30_000, async () => {
        const all = await product.client.pageHooks();
        const found = all.filter(({ body }) => JSON.stringify(body).includes('trail-differs'));
        return found.length > 0 ? found : undefined;
      });
      expect(pages).toHaveLength(1);
      const told = await eventually('the security channel', 30_000, async () =>
        (await product.client.history(SECURITY_CHANNEL, idOf('jonas'))).find(({ text }) =>
          text?.includes('CloudTrail and the log differ'),
        ),
      );
      expect(told.text).toContain('no record accounts for AuthorizeSecurityGroupIngress');
    }, 150_000);

    test('cannot be compared while CloudTrail does not answer', async () => {
      const { faults } = product.surroundings.sandbox;
      // The worker may ask as well: it must not be the only one that is refused.
      faults.set({ 'aws.fail': { action: 'LookupEvents', code: 'AccessDeniedException', count: 1_000 } });

      const { code, err } = await compare();

      faults.set({ 'aws.fail': null });
      expect(code).toBe(3);
      expect(err).toContain('CloudTrail');
    });

    test('cannot be compared for a time that has not settled', async () => {
      expect(await compare('--since', '2999-01-01')).toMatchObject({ code: 2 });
    });
  });
});

/** Opens the port to itself, as somebody would who has got hold of the role. Answers the AWS request. */
async function misuse({ surroundings }: Product): Promise<string> {
  const shared = { endpoint: surroundings.sandbox.urls.aws, region: AWS_WORLD.region };
  const sts = new STSClient({ ...shared, credentials: SANDBOX_CREDENTIALS.worker });
  const { Credentials: held } = await sts.send(
    new AssumeRoleCommand({ RoleArn: AWS_WORLD.roles.worker, RoleSessionName: 'somebody' }),
  );
  const credentials = {
    accessKeyId: held?.AccessKeyId ?? '',
    secretAccessKey: held?.SecretAccessKey ?? '',
    sessionToken: held?.SessionToken ?? '',
  };
  const ec2 = new EC2Client({ ...shared, credentials });
  const tags = ['deployment', 'request', 'expires-at'].map((key) => ({
    Key: `breakglass:${key}`,
    Value: 'x',
  }));
  const { $metadata } = await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: GROUP,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, IpRanges: [{ CidrIp: '198.51.100.99/32' }] },
      ],
      TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: tags }],
    }),
  );
  sts.destroy();
  ec2.destroy();
  return $metadata.requestId ?? '';
}
