import { z } from 'zod';

const milliseconds = z.number().min(0).max(600_000);
const range = z
  .tuple([milliseconds, milliseconds])
  .refine(([min, max]) => min <= max, 'the range must be [min, max] in milliseconds');
const on = z.literal(true);

/**
 * `action` is an action's name (`RevokeSecurityGroupIngress`), a whole service (`ec2:*`) or everything (`*`).
 * Each of these faults may also be given as a list.
 */
const action = z.string().min(1);
const count = z.number().int().min(1);
const oneOrMany = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.array(schema).min(1)]);

/** The call is carried out and its answer never comes; with `reset` the connection is cut at once instead. */
const lose = z.strictObject({ action, count, reset: z.boolean().optional() });
/** The call is refused with this AWS error code and nothing is done. */
const fail = z.strictObject({ action, code: z.string().min(1), count });
/** A token bucket for each action, account and Region. */
const throttle = z.strictObject({ action, bucket: z.number().min(0), refillPerSecond: z.number().min(0) });
/** Slack's 429 with Retry-After in seconds. */
const rateLimit = z.strictObject({ method: z.string().min(1), count, retryAfter: z.number().int().min(0) });

export const faultSchemas = {
  'aws.latencyMs': milliseconds,
  'aws.describeLagMs': range,
  'aws.lose': oneOrMany(lose),
  'aws.fail': oneOrMany(fail),
  'aws.throttle': oneOrMany(throttle),
  'edge.lagMs': range,
  'cloudtrail.delayMs': milliseconds,
  'flowLogs.delayMs': milliseconds,
  's3.latencyMs': milliseconds,
  's3.down': on,
  'slack.down': on,
  'slack.rateLimit': oneOrMany(rateLimit),
  'slack.latencyMs': milliseconds,
  'incidents.down': on,
  'incidents.latencyMs': milliseconds,
} as const;

export type FaultName = keyof typeof faultSchemas;
export type FaultSettings = { [Name in FaultName]: z.infer<(typeof faultSchemas)[Name]> };
export type LoseFault = z.infer<typeof lose>;
export type FailFault = z.infer<typeof fail>;
export type ThrottleFault = z.infer<typeof throttle>;
export type RateLimitFault = z.infer<typeof rateLimit>;
