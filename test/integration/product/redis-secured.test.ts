import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import { from, lateness, openWindow, settled } from '../../support/product/acts.ts';
import { secureRedis, type SecuredRedis } from '../../support/product/secured-redis.ts';

const NUDGES = '{breakglass/demo}:head';
/** Needs an escape in a URL, another one in JSON, and a third one nowhere. */
const PASSWORD = 'p@ss/w"rd\\with:everything%41';
const USER = 'breakglass';
const secretForms = [PASSWORD, encodeURIComponent(PASSWORD), JSON.stringify(PASSWORD).slice(1, -1)];

const urlOf = (scheme: 'redis' | 'rediss', port: number, user: string, password: string): string =>
  `${scheme}://${user}:${encodeURIComponent(password)}@localhost:${port}`;

const linesOf = async ({ logFile }: { logFile: string }): Promise<string[]> =>
  (await readFile(logFile, 'utf8')).trim().split('\n');

test.concurrent(
  'a Redis with TLS, a user of the product’s own and a password is used like any other, and the password is in no line',
  async () => {
    let secured: SecuredRedis | undefined;
    await using product = await Product.start({
      secure: async (redis, folder) => {
        const { tlsPort, caFile } = (secured = await secureRedis(redis, folder, {
          user: USER,
          password: PASSWORD,
        }));
        const REDIS_URL = urlOf('rediss', tlsPort, USER, PASSWORD);
        return () => ({ REDIS_URL, NODE_EXTRA_CA_CERTS: caFile });
      },
    });
    const admin = secured!.admin;

    await eventually('both listen', 30_000, async () => {
      const [, count] = (await admin.pubsub('NUMSUB', NUDGES)) as [string, number];
      return count === 2;
    });
    const window = await openWindow(product, from('requester'));
    const jobs = await admin.keys('{breakglass/demo}:requests:*');
    const lateMs = await lateness(product, 'requester', window.deadline);
    const up = await Promise.all(product.roles.map((role) => role.metric('breakglass_redis_up')));
    const refused = (await admin.call('ACL', 'LOG')) as unknown[];
    const lines = (await Promise.all(product.roles.map(linesOf))).flat();
    admin.disconnect();

    expect(jobs).not.toEqual([]);
    expect(lateMs).toBeLessThan(1_000);
    expect(up).toEqual([1, 1]);
    expect(refused).toEqual([]);
    expect(lines.filter((line) => line.includes('redis is away'))).toEqual([]);
    for (const secret of secretForms) expect(lines.filter((line) => line.includes(secret))).toEqual([]);
  },
  180_000,
);

test.concurrent(
  'with a wrong password, or a certificate that nobody vouches for, everything works without Redis, and it is said once',
  async () => {
    let secured: SecuredRedis | undefined;
    await using product = await Product.start({
      secure: async (redis, folder) => {
        const { tlsPort, plainPort } = (secured = await secureRedis(redis, folder, {
          user: USER,
          password: 'right',
        }));
        const untrusted = urlOf('rediss', tlsPort, USER, 'right');
        const wrong = urlOf('redis', plainPort, USER, PASSWORD);
        return (role) => ({ REDIS_URL: role === 'bot' ? untrusted : wrong, NODE_EXTRA_CA_CERTS: undefined });
      },
    });

    const window = await openWindow(product, from('requester'));
    const lateMs = await lateness(product, 'requester', window.deadline);
    await settled(product, window);
    const [bot, worker] = await Promise.all(product.roles.map(linesOf));
    const endings = await Promise.all(product.roles.map((role) => role.stop()));
    const keys = await secured!.admin.keys('*');
    secured!.admin.disconnect();

    expect(lateMs).toBeLessThan(1_000);
    expect(keys).toEqual([]);
    expect(Math.max(...endings.map(({ ms }) => ms))).toBeLessThan(5_000);
    const warnings = [bot, worker].map(
      (lines) => lines?.filter((line) => line.includes('redis is away')) ?? [],
    );
    expect(warnings.map(({ length }) => length)).toEqual([1, 1]);
    expect(warnings[0]?.[0]).toMatch(/self-signed certificate|unable to verify/);
    expect(warnings[1]?.[0]).toContain('WRONGPASS');
    const lines = [...(bot ?? []), ...(worker ?? [])];
    expect(lines.filter((line) => line.includes('nobody caught this'))).toEqual([]);
    for (const secret of secretForms) expect(lines.filter((line) => line.includes(secret))).toEqual([]);
  },
  180_000,
);
