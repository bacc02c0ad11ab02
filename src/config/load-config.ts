import { readFileSync } from 'node:fs';
import { crossProblems, given, toAwsCredentials, toConfig, toSecrets, type IsGiven } from './config.ts';
import type { AwsCredentials, Config, Secrets } from './config.ts';
import { ConfigError } from './config-error.ts';
import { NAMES, needOf, parseTexts, readTexts, type Environment, type NeedOf } from './environment.ts';
import type { ReadText, RunRole } from './environment.ts';
import { readSigningKeys, signingKey, Unusable, type SigningKey } from './signing-keys.ts';
import type { Role } from '../log/types.ts';
import type { Need, Values, VariableName } from './variables.ts';

export type Loading = { readonly env?: Environment; readonly readText?: ReadText };

const fromDisk: ReadText = (path) => readFileSync(path, 'utf8');

/** Environment to config and secrets for one role. ConfigError `environment` with every problem that there is. */
export function loadConfig(role: RunRole, loading: Loading = {}): { config: Config; secrets: Secrets } {
  const { env = process.env, readText = fromDisk } = loading;
  const need = needOf(role);
  const { texts, problems: unread } = readTexts(env, need, readText);
  const { values, problems: unparsed } = parseTexts(texts, need);
  const { keys, problems: keyProblems } = readSigningKeys(values, readText);
  const isGiven: IsGiven = (name) => texts.has(name);
  const problems = [
    ...unread,
    ...unparsed,
    ...choiceProblems(need, isGiven),
    ...crossProblems(values, isGiven, role !== 'worker'),
    ...keyProblems,
  ];
  if (problems.length > 0) throw new ConfigError('environment', problems);
  return { config: toConfig(role, values, keys), secrets: toSecrets(role, values, keys) };
}

/** What reading the log takes: no role, no key, no secret but AWS credentials. */
export type LogAccess = {
  readonly bucket: string;
  readonly region: string;
  /** When set, the log must be this deployment's. */
  readonly deployment: string | null;
  /** When set, for how long each object is to be locked. */
  readonly retainDays: number | null;
  readonly aws: AwsCredentials | null;
};

const READER: Partial<Record<VariableName, Need>> = {
  BREAKGLASS_LOG_BUCKET: 'required',
  AWS_REGION: 'required',
  BREAKGLASS_DEPLOYMENT: 'optional',
  BREAKGLASS_LOG_RETAIN_DAYS: 'optional',
  AWS_ACCESS_KEY_ID: 'optional',
  AWS_SECRET_ACCESS_KEY: 'optional',
  AWS_SESSION_TOKEN: 'optional',
  AWS_ENDPOINT_URL: 'optional',
  AWS_ENDPOINT_URL_S3: 'optional',
  AWS_ENDPOINT_URL_STS: 'optional',
};

/** For commands that only read the bucket. ConfigError `environment` with every problem that there is. */
export function loadLogAccess(loading: Loading = {}): LogAccess {
  const values = loadSome(READER, loading);
  return {
    bucket: given(values, 'BREAKGLASS_LOG_BUCKET'),
    region: given(values, 'AWS_REGION'),
    deployment: values.BREAKGLASS_DEPLOYMENT ?? null,
    retainDays: values.BREAKGLASS_LOG_RETAIN_DAYS ?? null,
    aws: toAwsCredentials(values),
  };
}

/** What writing to the log as one role takes: its key, and no other secret but AWS credentials. */
export type LogWriting = Omit<LogAccess, 'deployment'> & {
  readonly deployment: string;
  readonly retainDays: number;
  readonly key: SigningKey;
  /** The key of the same role that a text names, as the role's variable would. ConfigError. */
  readonly keyNamed: (option: string, text: string) => SigningKey;
};

/** For commands that write to the log as a role. ConfigError `environment` with every problem that there is. */
export function loadLogWriting(role: Role, loading: Loading = {}): LogWriting {
  const { readText = fromDisk } = loading;
  const own = `BREAKGLASS_${role === 'bot' ? 'BOT' : 'WORKER'}_KEY` as const;
  const needs = {
    ...READER,
    BREAKGLASS_DEPLOYMENT: 'required',
    BREAKGLASS_LOG_RETAIN_DAYS: 'required',
  } as const;
  const values = loadSome({ ...needs, AWS_ENDPOINT_URL_KMS: 'optional', [own]: 'required' }, loading);
  const deployment = given(values, 'BREAKGLASS_DEPLOYMENT');
  const { keys, problems } = readSigningKeys(values, readText);
  const key = keys.keys[role];
  if (key === null) throw new ConfigError('environment', problems);
  return {
    bucket: given(values, 'BREAKGLASS_LOG_BUCKET'),
    region: given(values, 'AWS_REGION'),
    retainDays: given(values, 'BREAKGLASS_LOG_RETAIN_DAYS'),
    deployment,
    aws: toAwsCredentials(values),
    key,
    keyNamed: (option, text) => {
      try {
        return signingKey(role, deployment, text, readText);
      } catch (error) {
        if (!(error instanceof Unusable)) throw error;
        throw new ConfigError('environment', [`${option} ${error.message}`]);
      }
    },
  };
}

/** As loadLogAccess, of that deployment where one is given; undefined where the environment names no bucket. */
export function findLogAccess(loading: Loading = {}, deployment?: string): LogAccess | undefined {
  const { env = process.env } = loading;
  if ((env['BREAKGLASS_LOG_BUCKET'] ?? '').trim() === '') return undefined;
  const named = deployment === undefined ? env : { ...env, BREAKGLASS_DEPLOYMENT: deployment };
  return loadLogAccess({ ...loading, env: named });
}

/** What looking at rules and closing them takes: no role, no key, no secret but AWS credentials. */
export type RuleAccess = {
  readonly deployment: string;
  readonly regions: readonly string[];
  readonly aws: AwsCredentials | null;
};

const RULE_READER: Partial<Record<VariableName, Need>> = {
  BREAKGLASS_DEPLOYMENT: 'required',
  AWS_REGION: 'required',
  AWS_ACCESS_KEY_ID: 'optional',
  AWS_SECRET_ACCESS_KEY: 'optional',
  AWS_SESSION_TOKEN: 'optional',
  AWS_ENDPOINT_URL: 'optional',
  AWS_ENDPOINT_URL_EC2: 'optional',
  AWS_ENDPOINT_URL_STS: 'optional',
};

/** For commands that work on rules alone. What is named on the command line comes first. ConfigError `environment`. */
export function loadRuleAccess(
  { deployment, regions }: { readonly deployment?: string; readonly regions: readonly string[] },
  { env = process.env, ...loading }: Loading = {},
): RuleAccess {
  const named = deployment === undefined ? {} : { BREAKGLASS_DEPLOYMENT: deployment };
  const inEach = regions.length === 0 ? [{}] : regions.map((region) => ({ AWS_REGION: region }));
  const each = inEach.map((region) =>
    loadSome(RULE_READER, { ...loading, env: { ...env, ...named, ...region } }),
  );
  const values = each[0] ?? {};
  return {
    deployment: given(values, 'BREAKGLASS_DEPLOYMENT'),
    regions: [...new Set(each.map((one) => given(one, 'AWS_REGION')))],
    aws: toAwsCredentials(values),
  };
}

/** For commands that only look at workflow files. ConfigError `environment`. */
export function loadWorkflowSettings(loading: Loading = {}): { folder: string; auditChannel: string | null } {
  const values = loadSome(
    { BREAKGLASS_WORKFLOWS: 'optional', BREAKGLASS_AUDIT_CHANNEL: 'optional' },
    loading,
  );
  return {
    folder: given(values, 'BREAKGLASS_WORKFLOWS'),
    auditChannel: values.BREAKGLASS_AUDIT_CHANNEL ?? null,
  };
}

function loadSome(needs: Partial<Record<VariableName, Need>>, loading: Loading): Values {
  const { env = process.env, readText = fromDisk } = loading;
  const need: NeedOf = (name) => needs[name] ?? 'unused';
  const { texts, problems: unread } = readTexts(env, need, readText);
  const { values, problems: unparsed } = parseTexts(texts, need);
  const problems = [...unread, ...unparsed, ...crossProblems(values, (name) => texts.has(name), false)];
  if (problems.length > 0) throw new ConfigError('environment', problems);
  return values;
}

/** Slack delivers in one way: exactly one of the variables that stand for a way must be there. */
function choiceProblems(need: NeedOf, isGiven: IsGiven): string[] {
  const names = NAMES.filter((name) => need(name) === 'choice');
  const count = names.filter(isGiven).length;
  if (names.length === 0 || count === 1) return [];
  const list = names.join(' (HTTP mode) and ');
  return [
    `${list} (Socket Mode): ${count === 0 ? 'one of them is required' : 'both are set, keep one of them'}`,
  ];
}
