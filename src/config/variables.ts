import { z } from 'zod';
import * as types from './value-types.ts';

/** What a role does with a variable. `choice`: exactly one of those marked so. `unused`: may be there, is not read. */
export type Need = 'required' | 'optional' | 'choice' | 'unused' | 'forbidden';

/** `value` is a secret, and `NAME_FILE` may name the file that holds it. `path` names such a file, by either name. */
export type Secrecy = 'open' | 'value' | 'path';

export type Variable<T = unknown> = {
  /** One line for docs/configuration.md. */
  readonly what: string;
  /** Completes "must be …". */
  readonly allowed: string;
  readonly schema: z.ZodType<T, string>;
  readonly secrecy: Secrecy;
  readonly bot: Need;
  readonly worker: Need;
  /** Text used when it is not set. */
  readonly fallback?: string;
};

const variable = <T>(definition: Variable<T>): Variable<T> => definition;

const both = (need: Need) => ({ bot: need, worker: need });
const onlyBot = (need: Need) => ({ bot: need, worker: 'unused' as const });
const heldByBot = (need: Need) => ({ bot: need, worker: 'forbidden' as const });
const heldByWorker = (need: Need) => ({ bot: 'forbidden' as const, worker: need });

const OPEN = { secrecy: 'open' as const };
const SECRET = { secrecy: 'value' as const };
const KEY_FILE = { secrecy: 'path' as const };

const KEY = { schema: z.string(), allowed: 'the path of an Ed25519 private key in PEM form, or a KMS key' };
const PUBLIC_KEY = {
  schema: z.string(),
  allowed: 'an Ed25519 public key: a verifier key (name+hash+base64) or the path of a PEM file',
};
const CHANNEL = { schema: types.channel, allowed: 'a Slack channel id such as C0123456789' };
const PORT = { schema: types.port, allowed: 'a port from 0 (any free one) to 65535' };
const WORD = { schema: types.word, allowed: 'one word of printable ASCII characters' };
const URL_ALLOWED = 'an http:// or https:// URL without user name and password';

const endpoint = (service: string) =>
  variable({
    what: `Another endpoint for ${service}. Read by the AWS SDK itself.`,
    allowed: URL_ALLOWED,
    schema: types.httpUrl,
    ...OPEN,
    ...both('optional'),
  });

/** Every variable the product reads, in the order of the documentation. Parsing, role rules and docs come from here. */
export const VARIABLES = {
  BREAKGLASS_DEPLOYMENT: variable({
    what: "Name of this deployment: the log's origin and the tag on every rule. A log of another deployment is refused.",
    allowed:
      '1 to 32 letters, digits, dots, dashes or underscores, starting and ending with a letter or digit',
    schema: types.deployment,
    ...OPEN,
    ...both('required'),
  }),
  BREAKGLASS_WORKFLOWS: variable({
    what: 'Folder of the workflow files.',
    allowed: 'a folder',
    schema: types.folder,
    fallback: 'workflows',
    ...OPEN,
    ...both('optional'),
  }),
  BREAKGLASS_LOG_BUCKET: variable({
    what: 'S3 bucket of the log, with versioning and Object Lock.',
    allowed: 'the name of an S3 bucket',
    schema: types.bucket,
    ...OPEN,
    ...both('required'),
  }),
  BREAKGLASS_LOG_RETAIN_DAYS: variable({
    what: 'Days for which each object of the log is locked in compliance mode. Nobody can shorten it afterwards.',
    allowed: 'a number of days from 1 to 3650',
    schema: types.retainDays,
    ...OPEN,
    ...both('required'),
  }),
  BREAKGLASS_BOT_KEY: variable({
    what: "The bot's signing key: path of an Ed25519 private key in PEM form (PKCS#8), or a key in AWS KMS: ARN, id or `alias/…`.",
    ...KEY,
    ...KEY_FILE,
    ...heldByBot('required'),
  }),
  BREAKGLASS_WORKER_KEY: variable({
    what: "The worker's signing key: path of an Ed25519 private key in PEM form (PKCS#8), or a key in AWS KMS: ARN, id or `alias/…`.",
    ...KEY,
    ...KEY_FILE,
    ...heldByWorker('required'),
  }),
  BREAKGLASS_BOT_PUBLIC_KEY: variable({
    what: "Public half of the bot's key: verifier key or path of a PEM file. A worker needs it only to create the log.",
    ...PUBLIC_KEY,
    ...OPEN,
    ...both('optional'),
  }),
  BREAKGLASS_WORKER_PUBLIC_KEY: variable({
    what: "Public half of the worker's key: verifier key or path of a PEM file. A bot needs it only to create the log.",
    ...PUBLIC_KEY,
    ...OPEN,
    ...both('optional'),
  }),
  REDIS_URL: variable({
    what: 'Redis or Valkey: `redis://`, `rediss://` (TLS) or `unix:///path/to.sock`.',
    allowed:
      'redis://host:port, rediss://host:port (TLS), unix:///path/to.sock or the absolute path of a socket',
    schema: types.redisUrl,
    ...SECRET,
    ...both('required'),
  }),
  SLACK_BOT_TOKEN: variable({
    what: 'Bot token of the Slack app.',
    allowed: 'a bot token that starts with xoxb-',
    schema: types.slackBotToken,
    ...SECRET,
    ...heldByBot('required'),
  }),
  SLACK_SIGNING_SECRET: variable({
    what: 'Signing secret of the Slack app: HTTP mode, deliveries to `/slack/events` on `PORT`.',
    ...WORD,
    ...SECRET,
    ...heldByBot('choice'),
  }),
  SLACK_APP_TOKEN: variable({
    what: 'App-level token with `connections:write`: Socket Mode, no port open to Slack.',
    allowed: 'an app-level token that starts with xapp-',
    schema: types.slackAppToken,
    ...SECRET,
    ...heldByBot('choice'),
  }),
  PORT: variable({
    what: "Port for Slack's deliveries in HTTP mode.",
    ...PORT,
    fallback: '3000',
    ...OPEN,
    ...onlyBot('optional'),
  }),
  SLACK_API_URL: variable({
    what: 'Another Slack, for tests.',
    allowed: URL_ALLOWED,
    schema: types.folderUrl,
    fallback: 'https://slack.com/api/',
    ...OPEN,
    ...onlyBot('optional'),
  }),
  BREAKGLASS_AUDIT_CHANNEL: variable({
    what: 'Slack channel for checkpoints of the log, and for the sealed records of workflows that name none under `audit`. The same for both roles.',
    ...CHANNEL,
    ...OPEN,
    ...both('optional'),
  }),
  BREAKGLASS_SECURITY_CHANNEL: variable({
    what: 'Slack channel for what security has to see: late closings, late certificates, findings of the sweep.',
    ...CHANNEL,
    ...OPEN,
    ...onlyBot('optional'),
  }),
  BREAKGLASS_PAGE_URL: variable({
    what: 'Webhook that reaches a human, Slack or no Slack, with every page of the list below. Gets a POST with JSON.',
    allowed: URL_ALLOWED,
    schema: types.httpUrl,
    ...SECRET,
    ...heldByWorker('optional'),
  }),
  BREAKGLASS_ANCHOR_URL: variable({
    what: "Where checkpoints of the log are kept out of the operators' control, beside the audit channel: gets a POST with the signed text, at least once a day and at each seal.",
    allowed: URL_ALLOWED,
    schema: types.httpUrl,
    ...SECRET,
    ...heldByWorker('optional'),
  }),
  PAGERDUTY_TOKEN: variable({
    what: 'PagerDuty REST API token; read-only is enough.',
    ...WORD,
    ...SECRET,
    ...heldByBot('required'),
  }),
  PAGERDUTY_API_URL: variable({
    what: 'Another PagerDuty: the EU service region, or a test.',
    allowed: URL_ALLOWED,
    schema: types.baseUrl,
    fallback: 'https://api.pagerduty.com',
    ...OPEN,
    ...onlyBot('optional'),
  }),
  AWS_REGION: variable({
    what: 'Region of the log bucket. Targets name their own.',
    allowed: 'an AWS region such as eu-west-1',
    schema: types.region,
    ...OPEN,
    ...both('required'),
  }),
  AWS_ACCESS_KEY_ID: variable({
    what: 'Static credentials. Without them the SDK looks where it always does: profile, web identity, container, instance.',
    ...WORD,
    ...SECRET,
    ...both('optional'),
  }),
  AWS_SECRET_ACCESS_KEY: variable({
    what: 'Goes with `AWS_ACCESS_KEY_ID`.',
    ...WORD,
    ...SECRET,
    ...both('optional'),
  }),
  AWS_SESSION_TOKEN: variable({
    what: 'Goes with temporary credentials.',
    ...WORD,
    ...SECRET,
    ...both('optional'),
  }),
  AWS_ENDPOINT_URL: endpoint('every AWS service'),
  AWS_ENDPOINT_URL_ACM: endpoint('ACM'),
  AWS_ENDPOINT_URL_CLOUDTRAIL: endpoint('CloudTrail'),
  AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: endpoint('CloudWatch Logs'),
  AWS_ENDPOINT_URL_EC2: endpoint('EC2'),
  AWS_ENDPOINT_URL_KMS: endpoint('KMS'),
  AWS_ENDPOINT_URL_S3: endpoint('S3'),
  AWS_ENDPOINT_URL_SCHEDULER: endpoint('EventBridge Scheduler'),
  AWS_ENDPOINT_URL_STS: endpoint('STS'),
  BREAKGLASS_HTTP_HOST: variable({
    what: "Address that this process listens on: health, metrics and, in HTTP mode, Slack's deliveries.",
    allowed: 'an IP address or a host name',
    schema: types.host,
    fallback: '127.0.0.1',
    ...OPEN,
    ...both('optional'),
  }),
  BREAKGLASS_HTTP_PORT: variable({
    what: 'Port of `/healthz`, `/readyz` and `/metrics`.',
    ...PORT,
    fallback: '8080',
    ...OPEN,
    ...both('optional'),
  }),
  LOG_LEVEL: variable({
    what: "The process's own log, JSON lines on standard output.",
    allowed: 'one of trace, debug, info, warn, error, fatal, silent',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    fallback: 'info',
    ...OPEN,
    ...both('optional'),
  }),
};

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export type VariableName = keyof typeof VARIABLES;

/** Validated values by name. What is required for the role is there once there are no problems. */
export type Values = {
  -readonly [Name in VariableName]?: (typeof VARIABLES)[Name] extends Variable<infer T> ? T : never;
};
