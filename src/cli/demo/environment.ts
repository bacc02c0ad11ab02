import {
  SANDBOX_CREDENTIALS,
  SANDBOX_PAGERDUTY_TOKEN,
  type Sandbox,
  type SandboxUrls,
} from '../../sandbox/index.ts';
import { AUDIT_CHANNEL, AWS_WORLD, SECURITY_CHANNEL } from '../../sandbox/world.ts';
import { DEPLOYMENT, type Keys } from './folder.ts';

export type Delivery = 'http' | 'socket';

/** What the bot and the local Slack know of each other. */
export type SlackSecrets = {
  readonly signingSecret: string;
  readonly botToken: string;
  readonly appToken: string;
};

/** Everything that the settings of a deployment in the local world are made of. */
export type Settings = {
  readonly sandbox: Pick<Sandbox, 'urls'>;
  readonly keys: Keys;
  readonly slack: SlackSecrets;
  readonly delivery: Delivery;
  readonly workflows: string;
  readonly redisUrl: string;
};

const INHERITED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'NODE_EXTRA_CA_CERTS',
  'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED',
];

/** As short as the local bucket's policy lets it be. */
const RETAIN_DAYS = '2';

/** What a process of this role gets. Nothing of this process's own AWS or Slack settings gets through. */
export const environmentOf = (role: 'bot' | 'worker', settings: Settings): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(INHERITED.map((name) => [name, process.env[name]])),
  ...variablesOf(role, settings),
});

/** What a deployment would set for this role. */
export function variablesOf(role: 'bot' | 'worker', settings: Settings): NodeJS.ProcessEnv {
  const { sandbox, workflows, redisUrl } = settings;
  return {
    BREAKGLASS_DEPLOYMENT: DEPLOYMENT,
    BREAKGLASS_WORKFLOWS: workflows,
    BREAKGLASS_LOG_RETAIN_DAYS: RETAIN_DAYS,
    BREAKGLASS_HTTP_PORT: '0',
    BREAKGLASS_AUDIT_CHANNEL: AUDIT_CHANNEL,
    REDIS_URL: redisUrl,
    ...aws(sandbox.urls),
    ...(role === 'bot' ? botSide(settings) : workerSide(settings)),
  };
}

/** What somebody needs who may read the log and nothing else. */
export const auditorEnvironment = (
  { urls }: Pick<Sandbox, 'urls'>,
  bucket: string = AWS_WORLD.logBucket,
): NodeJS.ProcessEnv => ({
  ...aws(urls),
  BREAKGLASS_LOG_BUCKET: bucket,
  ...credentials(SANDBOX_CREDENTIALS.auditor),
  BREAKGLASS_DEPLOYMENT: DEPLOYMENT,
  BREAKGLASS_LOG_RETAIN_DAYS: RETAIN_DAYS,
});

/** Variables as a shell reads them from a file: `set -a; . ./worker.env`. */
export const shellFile = (variables: NodeJS.ProcessEnv): string =>
  Object.entries(variables)
    .map(([name, value = '']) => `${name}='${value.replaceAll("'", String.raw`'\''`)}'\n`)
    .join('');

const aws = (urls: SandboxUrls): NodeJS.ProcessEnv => ({
  BREAKGLASS_LOG_BUCKET: AWS_WORLD.logBucket,
  AWS_REGION: AWS_WORLD.region,
  AWS_ENDPOINT_URL: urls.aws,
  AWS_EC2_METADATA_DISABLED: 'true',
});

const credentials = ({ accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string }) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});

const workerSide = ({ sandbox, keys: { paths, vkeys } }: Settings): NodeJS.ProcessEnv => ({
  ...credentials(SANDBOX_CREDENTIALS.worker),
  BREAKGLASS_WORKER_KEY: paths.worker,
  BREAKGLASS_BOT_PUBLIC_KEY: vkeys.bot,
  BREAKGLASS_PAGE_URL: sandbox.urls.pageHook,
});

const botSide = ({ sandbox, keys: { paths, vkeys }, slack, delivery }: Settings): NodeJS.ProcessEnv => ({
  ...credentials(SANDBOX_CREDENTIALS.bot),
  BREAKGLASS_BOT_KEY: paths.bot,
  BREAKGLASS_WORKER_PUBLIC_KEY: vkeys.worker,
  SLACK_API_URL: sandbox.urls.slackApi,
  SLACK_BOT_TOKEN: slack.botToken,
  ...(delivery === 'socket'
    ? { SLACK_APP_TOKEN: slack.appToken }
    : { SLACK_SIGNING_SECRET: slack.signingSecret, PORT: '0' }),
  BREAKGLASS_SECURITY_CHANNEL: SECURITY_CHANNEL,
  PAGERDUTY_API_URL: sandbox.urls.pagerduty,
  PAGERDUTY_TOKEN: SANDBOX_PAGERDUTY_TOKEN,
});
