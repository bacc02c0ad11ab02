import type { RunRole } from './environment.ts';
import type { SigningKey, SigningKeys } from './signing-keys.ts';
import type { LogLevel, Values, VariableName } from './variables.ts';

/** What a process is told, without any secret: safe to log. */
export type Config = {
  readonly role: RunRole;
  readonly deployment: string;
  /** Absolute path. */
  readonly workflowsFolder: string;
  readonly auditChannel: string | null;
  readonly log: {
    readonly bucket: string;
    readonly region: string;
    readonly retainDays: number;
    /** Verifier keys, as far as they are known without asking KMS: who knows both can begin a log. */
    readonly publicKeys: SigningKeys['publicKeys'];
  };
  /** Where this process listens; port 0 is any free one. */
  readonly http: { readonly host: string; readonly port: number };
  readonly logLevel: LogLevel;
  /** Null when this process is no bot. */
  readonly bot: BotConfig | null;
};

export type BotConfig = {
  readonly slack: {
    /** With a slash at its end. */
    readonly apiUrl: string;
    readonly delivery:
      { readonly mode: 'http'; readonly host: string; readonly port: number } | { readonly mode: 'socket' };
  };
  /** Without a slash at its end. */
  readonly pagerDutyApiUrl: string;
  readonly securityChannel: string | null;
};

/** What must never be shown. A part is null when this process does not have that role. */
export type Secrets = {
  /** URL or absolute socket path, as ioredis takes it. */
  readonly redisUrl: string;
  /** Null: the SDK's own chain of providers. */
  readonly aws: AwsCredentials | null;
  readonly bot: BotSecrets | null;
  readonly worker: WorkerSecrets | null;
};

export type WorkerSecrets = {
  readonly key: SigningKey;
  readonly pageUrl: string | null;
  readonly anchorUrl: string | null;
};

export type BotSecrets = {
  readonly key: SigningKey;
  readonly slackBotToken: string;
  readonly slackDelivery:
    | { readonly mode: 'http'; readonly signingSecret: string }
    | { readonly mode: 'socket'; readonly appToken: string };
  readonly pagerDutyToken: string;
};

export type AwsCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/** Whether anything was given for a variable, usable or not. */
export type IsGiven = (name: VariableName) => boolean;

/** Rules that span variables. */
export function crossProblems(values: Values, isGiven: IsGiven, isBot: boolean): string[] {
  const problems: string[] = [];
  const hasId = isGiven('AWS_ACCESS_KEY_ID');
  if (hasId !== isGiven('AWS_SECRET_ACCESS_KEY') || (isGiven('AWS_SESSION_TOKEN') && !hasId)) {
    problems.push(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together, with or without AWS_SESSION_TOKEN: set both or neither',
    );
  }
  const { PORT: port, BREAKGLASS_HTTP_PORT: httpPort } = values;
  if (isBot && values.SLACK_SIGNING_SECRET !== undefined && port === httpPort && port !== 0) {
    problems.push(
      'PORT and BREAKGLASS_HTTP_PORT must differ: Slack and the health checks have a server each',
    );
  }
  return problems;
}

/** Step three: validated values to the part that may be shown. To be called on values without problems only. */
export function toConfig(role: RunRole, values: Values, keys: SigningKeys): Config {
  const http = { host: given(values, 'BREAKGLASS_HTTP_HOST'), port: given(values, 'BREAKGLASS_HTTP_PORT') };
  const isHttp = values.SLACK_SIGNING_SECRET !== undefined;
  return {
    role,
    deployment: given(values, 'BREAKGLASS_DEPLOYMENT'),
    workflowsFolder: given(values, 'BREAKGLASS_WORKFLOWS'),
    auditChannel: values.BREAKGLASS_AUDIT_CHANNEL ?? null,
    log: {
      bucket: given(values, 'BREAKGLASS_LOG_BUCKET'),
      region: given(values, 'AWS_REGION'),
      retainDays: given(values, 'BREAKGLASS_LOG_RETAIN_DAYS'),
      publicKeys: keys.publicKeys,
    },
    http,
    logLevel: given(values, 'LOG_LEVEL'),
    bot:
      role === 'worker'
        ? null
        : {
            slack: {
              apiUrl: given(values, 'SLACK_API_URL'),
              delivery: isHttp
                ? { mode: 'http', host: http.host, port: given(values, 'PORT') }
                : { mode: 'socket' },
            },
            pagerDutyApiUrl: given(values, 'PAGERDUTY_API_URL'),
            securityChannel: values.BREAKGLASS_SECURITY_CHANNEL ?? null,
          },
  };
}

/** Step four: the part that may not be shown. To be called on values without problems only. */
export function toSecrets(role: RunRole, values: Values, { keys }: SigningKeys): Secrets {
  return {
    redisUrl: given(values, 'REDIS_URL'),
    aws: toAwsCredentials(values),
    bot:
      role === 'worker'
        ? null
        : {
            key: there(keys.bot),
            slackBotToken: given(values, 'SLACK_BOT_TOKEN'),
            slackDelivery:
              values.SLACK_SIGNING_SECRET === undefined
                ? { mode: 'socket', appToken: given(values, 'SLACK_APP_TOKEN') }
                : { mode: 'http', signingSecret: values.SLACK_SIGNING_SECRET },
            pagerDutyToken: given(values, 'PAGERDUTY_TOKEN'),
          },
    worker:
      role === 'bot'
        ? null
        : {
            key: there(keys.worker),
            pageUrl: values.BREAKGLASS_PAGE_URL ?? null,
            anchorUrl: values.BREAKGLASS_ANCHOR_URL ?? null,
          },
  };
}

export function toAwsCredentials(values: Values): AwsCredentials | null {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = values;
  if (accessKeyId === undefined || secretAccessKey === undefined) return null;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/** A value that the checks before have shown to be there. */
export function given<Name extends keyof Values>(values: Values, name: Name): NonNullable<Values[Name]> {
  const value = values[name];
  if (value === undefined) throw new Error(`${name} was not checked`);
  return value as NonNullable<Values[Name]>;
}

function there<T>(value: T | null): T {
  if (value === null) throw new Error('the signing key was not checked');
  return value;
}

/** Every secret as a text, for whoever has to keep them out of what is written. Signing keys are in no text. */
export function secretTexts({ redisUrl, aws, bot, worker }: Secrets): string[] {
  const delivery = bot?.slackDelivery;
  const texts = [
    ...passwordsOf(redisUrl),
    aws?.secretAccessKey,
    aws?.sessionToken,
    bot?.slackBotToken,
    bot?.pagerDutyToken,
    delivery?.mode === 'http' ? delivery.signingSecret : delivery?.appToken,
    worker?.pageUrl,
    worker?.anchorUrl,
  ];
  return [...new Set(texts.filter((text): text is string => typeof text === 'string' && text !== ''))];
}

/** As it stands in the URL, and as Redis is told it. The path of a socket holds none. */
function passwordsOf(redisUrl: string): string[] {
  if (redisUrl.startsWith('/')) return [];
  const { password } = new URL(redisUrl);
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    // A stray percent sign: then the URL's own form is all there is.
    return [password];
  }
}
