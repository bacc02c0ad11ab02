import { Redis, type RedisOptions } from 'ioredis';

type Options = Omit<RedisOptions, 'replyMapping'>;

/** Where Redis is: `redis://`, `rediss://` (TLS), or the absolute path of a unix socket. */
export const connect = (url: string, options: Options): Redis => new Redis(url, options);

/** For those who hand something over and do not wait: fails at once while Redis is away. */
export const FAIL_FAST = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 1_000,
} satisfies Options;

/** For those who ask something in passing: an answer within a second or none. */
export const BRIEF = { maxRetriesPerRequest: 1, commandTimeout: 1_000 } satisfies Options;

/** For those who listen: waits for ever, which is what BullMQ's workers need. */
export const PATIENT = { maxRetriesPerRequest: null } satisfies Options;

/** One deployment's keys; the braces keep them in one slot of a cluster. */
export const prefixOf = (deployment: string): string => `{breakglass/${deployment}}`;
