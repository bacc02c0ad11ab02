import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Authority } from '../../../src/sandbox/aws/acm/authority.ts';
import { ROOT } from '../sources.ts';
import type { RestartableRedis } from '../../../bench/world/redis.ts';

/** What docs/configuration.md gives the product's own user, and no more. */
async function documentedRules(): Promise<string[]> {
  const text = await readFile(join(ROOT, 'docs/configuration.md'), 'utf8');
  const rules = /^ACL SETUSER breakglass on >password (.+)$/m.exec(text)?.[1];
  if (rules === undefined) throw new Error('docs/configuration.md gives no user for Redis');
  return ['on', ...rules.split(' ')];
}

export type SecuredRedis = {
  readonly tlsPort: number;
  readonly plainPort: number;
  /** PEM of the CA that its certificate, for `localhost`, is from. */
  readonly caFile: string;
  /** A connection from before anybody needed a password. */
  readonly admin: Redis;
};

/** Redis listens to TLS and to plain TCP as well, and from now on lets nobody in without a password. */
export async function secureRedis(
  redis: RestartableRedis,
  folder: string,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<SecuredRedis> {
  const authority = await Authority.load(join(folder, 'redis-ca'), Date.now());
  const { certificate, chain, privateKey } = await authority.issue('localhost', Date.now());
  const files = {
    certificate: join(folder, 'redis.pem'),
    ca: join(folder, 'redis-ca.pem'),
    key: join(folder, 'redis-key.pem'),
  };
  await Promise.all([
    writeFile(files.certificate, certificate),
    writeFile(files.ca, chain),
    writeFile(files.key, privateKey, { mode: 0o600 }),
  ]);
  const [tlsPort, plainPort] = await Promise.all([freePort(), freePort()]);
  const admin = new Redis(redis.url);
  const set = (...settings: string[]) => admin.call('CONFIG', 'SET', ...settings);
  await set('tls-cert-file', files.certificate, 'tls-key-file', files.key, 'tls-ca-cert-file', files.ca);
  await set('tls-auth-clients', 'no', 'tls-port', String(tlsPort));
  await set('port', String(plainPort));
  await admin.call('ACL', 'SETUSER', user, `>${password}`, ...(await documentedRules()));
  await set('requirepass', 'nobody knows this one');
  return { tlsPort, plainPort, caFile: files.ca, admin };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
