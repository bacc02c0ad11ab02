import { generateKeyPairSync, createPublicKey } from 'node:crypto';
import { generateKey, vkeyOf } from '../../../src/log/keys.ts';

export const DEPLOYMENT = 'payments-production';
export const BOT_KEY = generateKey();
export const WORKER_KEY = generateKey();
export const publicPem = (pem: string): string =>
  createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
export const vkey = (pem: string): string => vkeyOf(DEPLOYMENT, createPublicKey(pem));

const FILES: Record<string, string> = {
  '/keys/bot.pem': BOT_KEY,
  '/keys/worker.pem': WORKER_KEY,
  '/keys/bot.pub.pem': publicPem(BOT_KEY),
  '/keys/rsa.pem': generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString(),
  '/run/secrets/token': 'xoxb-from-a-file\n',
  '/run/secrets/empty': '\n',
};

/** The only disk these tests have. */
export const readText = (path: string): string => {
  const text = FILES[path];
  if (text === undefined) throw new Error(`ENOENT ${path}`);
  return text;
};

const SHARED = {
  BREAKGLASS_DEPLOYMENT: DEPLOYMENT,
  BREAKGLASS_LOG_BUCKET: 'example-breakglass-log',
  BREAKGLASS_LOG_RETAIN_DAYS: '2555',
  REDIS_URL: 'rediss://:redis-password@redis.internal:6380/2',
  AWS_REGION: 'eu-west-1',
};

export const BOT = {
  ...SHARED,
  BREAKGLASS_BOT_KEY: '/keys/bot.pem',
  SLACK_BOT_TOKEN: 'xoxb-bot-token',
  SLACK_SIGNING_SECRET: 'signing-secret',
  PAGERDUTY_TOKEN: 'pagerduty-token',
};

export const WORKER = { ...SHARED, BREAKGLASS_WORKER_KEY: '/keys/worker.pem' };
