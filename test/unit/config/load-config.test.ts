import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { secretTexts } from '../../../src/config/config.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import {
  findLogAccess,
  loadConfig,
  loadLogAccess,
  loadRuleAccess,
  loadWorkflowSettings,
} from '../../../src/config/load-config.ts';
import type { RunRole } from '../../../src/config/environment.ts';
import { BOT, BOT_KEY, DEPLOYMENT, WORKER, WORKER_KEY, readText, vkey } from './environments.ts';

const load = (role: RunRole, env: Record<string, string | undefined>) => loadConfig(role, { env, readText });

function problemsOf(role: RunRole, env: Record<string, string | undefined>): readonly string[] {
  try {
    load(role, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('a complete environment', () => {
  it('makes a bot in HTTP mode, with the documented defaults', () => {
    const { config, secrets } = load('bot', BOT);

    expect(config).toEqual({
      role: 'bot',
      deployment: DEPLOYMENT,
      workflowsFolder: `${process.cwd()}/workflows`,
      auditChannel: null,
      log: {
        bucket: 'example-breakglass-log',
        region: 'eu-west-1',
        retainDays: 2555,
        publicKeys: { bot: vkey(BOT_KEY), worker: null },
      },
      http: { host: '127.0.0.1', port: 8080 },
      logLevel: 'info',
      bot: {
        slack: {
          apiUrl: 'https://slack.com/api/',
          delivery: { mode: 'http', host: '127.0.0.1', port: 3000 },
        },
        pagerDutyApiUrl: 'https://api.pagerduty.com',
        securityChannel: null,
      },
    });
    expect(secrets.bot).toMatchObject({
      slackBotToken: 'xoxb-bot-token',
      slackDelivery: { mode: 'http', signingSecret: 'signing-secret' },
      pagerDutyToken: 'pagerduty-token',
    });
    expect(secrets.bot?.key).toMatchObject({ kind: 'held', signer: { vkey: vkey(BOT_KEY) } });
    expect(secrets.worker).toBeNull();
  });

  it('makes a bot in Socket Mode when there is an app token', () => {
    const { config, secrets } = load('bot', {
      ...BOT,
      SLACK_SIGNING_SECRET: undefined,
      SLACK_APP_TOKEN: 'xapp-1-A',
    });

    expect(config.bot?.slack.delivery).toEqual({ mode: 'socket' });
    expect(secrets.bot?.slackDelivery).toEqual({ mode: 'socket', appToken: 'xapp-1-A' });
  });

  it('makes a worker that holds nothing of the bot', () => {
    const { config, secrets } = load('worker', {
      ...WORKER,
      BREAKGLASS_PAGE_URL: 'https://page.example/hook',
    });

    expect(config.bot).toBeNull();
    expect(secrets.bot).toBeNull();
    expect(secrets.worker).toMatchObject({ pageUrl: 'https://page.example/hook', anchorUrl: null });
    expect(secrets.worker?.key).toMatchObject({ kind: 'held', signer: { vkey: vkey(WORKER_KEY) } });
  });

  it('makes both roles in one process, which then knows both keys of a new log', () => {
    const { config, secrets } = load('all', { ...BOT, ...WORKER });

    expect(config.log.publicKeys).toEqual({ bot: vkey(BOT_KEY), worker: vkey(WORKER_KEY) });
    expect(secrets.bot).not.toBeNull();
    expect(secrets.worker).not.toBeNull();
  });

  it('keeps every secret out of the part that may be shown', () => {
    const { config } = load('all', {
      ...BOT,
      ...WORKER,
      BREAKGLASS_PAGE_URL: 'https://page.example/secret-path',
    });

    expect(inspect(config, { depth: 10 })).not.toMatch(
      /xoxb|signing-secret|pagerduty-token|redis-password|secret-path|PRIVATE/,
    );
  });

  it.each([
    ['redis://redis:6379', 'redis://redis:6379'],
    ['unix:///run/redis/r.sock', '/run/redis/r.sock'],
    ['/tmp/bg-x/r.sock', '/tmp/bg-x/r.sock'],
  ])('takes %s as Redis', (text, expected) => {
    const { secrets } = load('worker', { ...WORKER, REDIS_URL: text });

    expect(secrets.redisUrl).toBe(expected);
  });

  it('puts Slack and PagerDuty where the environment says, with the slashes that their clients need', () => {
    const { config } = load('bot', {
      ...BOT,
      SLACK_API_URL: 'http://127.0.0.1:4400/api',
      PAGERDUTY_API_URL: 'http://127.0.0.1:4400/pagerduty/',
    });

    expect(config.bot?.slack.apiUrl).toBe('http://127.0.0.1:4400/api/');
    expect(config.bot?.pagerDutyApiUrl).toBe('http://127.0.0.1:4400/pagerduty');
  });

  it('hands over static AWS credentials and leaves anything else to the SDK', () => {
    const fixed = load('worker', {
      ...WORKER,
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_SESSION_TOKEN: 't',
    });
    const chain = load('worker', { ...WORKER, AWS_PROFILE: 'production' });

    expect(fixed.secrets.aws).toEqual({
      accessKeyId: 'AKIAEXAMPLE',
      secretAccessKey: 's',
      sessionToken: 't',
    });
    expect(chain.secrets.aws).toBeNull();
  });
});

describe('the list of secrets', () => {
  it('names all that must not be written, for either way of delivery', () => {
    const http = load('all', {
      ...BOT,
      ...WORKER,
      BREAKGLASS_PAGE_URL: 'https://page.example/hook',
      BREAKGLASS_ANCHOR_URL: 'https://anchor.example/keep',
    });
    const socket = load('bot', {
      ...BOT,
      SLACK_SIGNING_SECRET: '',
      SLACK_APP_TOKEN: 'xapp-1-A',
      REDIS_URL: '/tmp/r.sock',
    });

    expect(secretTexts(http.secrets)).toEqual([
      'redis-password',
      'xoxb-bot-token',
      'pagerduty-token',
      'signing-secret',
      'https://page.example/hook',
      'https://anchor.example/keep',
    ]);
    expect(secretTexts(socket.secrets)).toEqual(['xoxb-bot-token', 'pagerduty-token', 'xapp-1-A']);
  });

  it.each([
    ['redis://:p%40ss%2Fword@localhost', ['p%40ss%2Fword', 'p@ss/word']],
    ['rediss://user:100%@localhost', ['100%']],
    ['redis://localhost', []],
  ])('holds the password of %s as the URL and as Redis has it', (REDIS_URL, passwords) => {
    const { secrets } = load('worker', { ...WORKER, REDIS_URL });

    expect(secretTexts(secrets)).toEqual(passwords);
  });
});

describe('secrets in files', () => {
  it('reads a secret from the file that NAME_FILE names, without its last line end', () => {
    const { secrets } = load('bot', {
      ...BOT,
      SLACK_BOT_TOKEN: '',
      SLACK_BOT_TOKEN_FILE: '/run/secrets/token',
    });

    expect(secrets.bot?.slackBotToken).toBe('xoxb-from-a-file');
  });

  it('takes the path of a signing key by either name', () => {
    const { secrets } = load('worker', {
      ...WORKER,
      BREAKGLASS_WORKER_KEY: undefined,
      BREAKGLASS_WORKER_KEY_FILE: '/keys/worker.pem',
    });

    expect(secrets.worker?.key).toMatchObject({ kind: 'held', signer: { vkey: vkey(WORKER_KEY) } });
  });

  it('refuses a secret that is given twice', () => {
    expect(problemsOf('bot', { ...BOT, SLACK_BOT_TOKEN_FILE: '/run/secrets/token' })).toEqual([
      'SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set: keep one of them',
    ]);
  });

  it.each(['/run/secrets/nothing', '/run/secrets/empty'])('says once that %s cannot be used', (path) => {
    expect(problemsOf('bot', { ...BOT, SLACK_BOT_TOKEN: undefined, SLACK_BOT_TOKEN_FILE: path })).toEqual([
      'SLACK_BOT_TOKEN_FILE must name a readable file that is not empty',
    ]);
  });
});

describe('a wrong environment', () => {
  it('is told every problem at once', () => {
    const problems = problemsOf('bot', {
      BREAKGLASS_HTTP_PORT: '99999',
      LOG_LEVEL: 'loud',
      AWS_ENDPOINT_URL: 'nowhere',
    });

    expect(problems).toEqual([
      expect.stringMatching(/^BREAKGLASS_DEPLOYMENT is required: /),
      expect.stringMatching(/^BREAKGLASS_LOG_BUCKET is required: /),
      expect.stringMatching(/^BREAKGLASS_LOG_RETAIN_DAYS is required: /),
      expect.stringMatching(/^BREAKGLASS_BOT_KEY is required: /),
      expect.stringMatching(/^REDIS_URL \(or REDIS_URL_FILE\) is required: /),
      expect.stringMatching(/^SLACK_BOT_TOKEN \(or SLACK_BOT_TOKEN_FILE\) is required: /),
      expect.stringMatching(/^PAGERDUTY_TOKEN \(or PAGERDUTY_TOKEN_FILE\) is required: /),
      expect.stringMatching(/^AWS_REGION is required: /),
      'AWS_ENDPOINT_URL must be an http:// or https:// URL without user name and password',
      'BREAKGLASS_HTTP_PORT must be a port from 0 (any free one) to 65535',
      'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent',
      expect.stringMatching(
        /SLACK_SIGNING_SECRET \(HTTP mode\) and SLACK_APP_TOKEN \(Socket Mode\): one of them is required/,
      ),
    ]);
  });

  it.each([
    ['SLACK_BOT_TOKEN', 'xoxp-very-secret'],
    ['SLACK_APP_TOKEN', 'very-secret'],
    ['PAGERDUTY_TOKEN', 'very secret'],
    ['REDIS_URL', 'http://:very-secret@redis'],
    ['BREAKGLASS_BOT_KEY', '-----BEGIN PRIVATE KEY----- very-secret'],
    ['BREAKGLASS_DEPLOYMENT', 'very-secret put here by mistake'],
  ])('is not quoted when %s is malformed', (name, value) => {
    const problems = problemsOf('bot', { ...BOT, [name]: value });

    expect(problems.join('\n')).toContain(name);
    expect(problems.join('\n')).not.toContain('secret');
  });

  it.each(['with space', 'with+plus', '-dash', 'a'.repeat(33), 'ä'])(
    'refuses %s as the name of a deployment',
    (name) => {
      expect(problemsOf('worker', { ...WORKER, BREAKGLASS_DEPLOYMENT: name })).toEqual([
        expect.stringMatching(/^BREAKGLASS_DEPLOYMENT must be 1 to 32 letters/),
      ]);
    },
  );

  it('refuses a webhook with a user name, which could never be called', () => {
    expect(
      problemsOf('worker', { ...WORKER, BREAKGLASS_PAGE_URL: 'https://user:very-secret@page.example/hook' }),
    ).toEqual(['BREAKGLASS_PAGE_URL must be an http:// or https:// URL without user name and password']);
  });

  it('refuses both ways of delivery together', () => {
    expect(problemsOf('bot', { ...BOT, SLACK_APP_TOKEN: 'xapp-1' })).toEqual([
      'SLACK_SIGNING_SECRET (HTTP mode) and SLACK_APP_TOKEN (Socket Mode): both are set, keep one of them',
    ]);
  });

  it('refuses one port for two servers', () => {
    expect(problemsOf('bot', { ...BOT, PORT: '8080' })).toEqual([
      expect.stringMatching(/^PORT and BREAKGLASS_HTTP_PORT must differ/),
    ]);
  });

  it('refuses half of an AWS key pair', () => {
    expect(problemsOf('worker', { ...WORKER, AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE' })).toEqual([
      expect.stringMatching(/go together/),
    ]);
  });
});

describe('the secrets of the other role', () => {
  it.each([
    'SLACK_BOT_TOKEN',
    'SLACK_SIGNING_SECRET',
    'SLACK_APP_TOKEN',
    'PAGERDUTY_TOKEN',
    'BREAKGLASS_BOT_KEY',
    'PAGERDUTY_TOKEN_FILE',
  ])('keep a worker from starting: %s', (name) => {
    expect(problemsOf('worker', { ...WORKER, [name]: 'anything' })).toEqual([
      `${name} is set, but only the bot may hold it: take it out of this process's environment`,
    ]);
  });

  it.each([
    'BREAKGLASS_WORKER_KEY',
    'BREAKGLASS_PAGE_URL',
    'BREAKGLASS_ANCHOR_URL',
    'BREAKGLASS_WORKER_KEY_FILE',
  ])('keep a bot from starting: %s', (name) => {
    expect(problemsOf('bot', { ...BOT, [name]: 'anything' })).toEqual([
      `${name} is set, but only the worker may hold it: take it out of this process's environment`,
    ]);
  });
});

describe('the keys of the log', () => {
  it.each([
    ['arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab', 'eu-central-1'],
    ['arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/breakglass/bot', 'us-gov-west-1'],
    ['1234abcd-12ab-34cd-56ef-1234567890ab', undefined],
    ['mrk-1234abcd12ab34cd56ef1234567890ab', undefined],
    ['alias/breakglass-worker', undefined],
  ])('may stay in KMS: %s', (keyId, region) => {
    const { config, secrets } = load('worker', { ...WORKER, BREAKGLASS_WORKER_KEY: keyId });

    expect(secrets.worker?.key).toEqual({
      kind: 'kms',
      role: 'worker',
      origin: DEPLOYMENT,
      keyId,
      region,
    });
    expect(config.log.publicKeys).toEqual({ bot: null, worker: null });
  });

  it('take a path that looks like an alias when it is written as a path', () => {
    expect(problemsOf('worker', { ...WORKER, BREAKGLASS_WORKER_KEY: './alias/bot.pem' })).toEqual([
      'BREAKGLASS_WORKER_KEY must name a readable file',
    ]);
  });

  it('are known beforehand where the public half of a key in KMS is given', () => {
    const { config } = load('worker', {
      ...WORKER,
      BREAKGLASS_WORKER_KEY: 'alias/breakglass-worker',
      BREAKGLASS_WORKER_PUBLIC_KEY: vkey(WORKER_KEY),
    });

    expect(config.log.publicKeys).toEqual({ bot: null, worker: vkey(WORKER_KEY) });
  });

  it('are refused when both roles name one key in KMS', () => {
    const names = { BREAKGLASS_BOT_KEY: 'alias/breakglass', BREAKGLASS_WORKER_KEY: 'alias/breakglass' };

    expect(problemsOf('all', { ...BOT, ...WORKER, ...names })).toEqual([
      'The bot and the worker have the same key: each role needs its own',
    ]);
  });

  it.each([
    ['a verifier key', vkey(BOT_KEY)],
    ['a PEM file', '/keys/bot.pub.pem'],
  ])('are complete for a worker that is given the public key of the bot as %s', (_, given) => {
    const { config } = load('worker', { ...WORKER, BREAKGLASS_BOT_PUBLIC_KEY: given });

    expect(config.log.publicKeys).toEqual({ bot: vkey(BOT_KEY), worker: vkey(WORKER_KEY) });
  });

  it.each([
    [{ BREAKGLASS_WORKER_KEY: '/keys/rsa.pem' }, /^BREAKGLASS_WORKER_KEY must name an unencrypted Ed25519/],
    [{ BREAKGLASS_WORKER_KEY: '/keys/none.pem' }, /^BREAKGLASS_WORKER_KEY must name a readable file/],
    ...[
      'arn:aws:kms:eu-west-1:111122223333:key/1',
      'arn:aws:s3:::example-breakglass-log',
      'arn:aws:kms:eu-west-1:111122223333:alias/',
      'alias/bot.pem',
    ].map(
      (text) =>
        [{ BREAKGLASS_WORKER_KEY: text }, /^BREAKGLASS_WORKER_KEY looks like a KMS key and is none/] as const,
    ),
    [
      { BREAKGLASS_BOT_PUBLIC_KEY: '/keys/bot.pem' },
      /^BREAKGLASS_BOT_PUBLIC_KEY names a private key, which only its own role/,
    ],
    [
      { BREAKGLASS_BOT_PUBLIC_KEY: 'name+12345678+AAAA' },
      /^BREAKGLASS_BOT_PUBLIC_KEY must be an Ed25519 public key/,
    ],
    [
      { BREAKGLASS_WORKER_PUBLIC_KEY: '/keys/bot.pub.pem' },
      /^BREAKGLASS_WORKER_PUBLIC_KEY is not the public half of BREAKGLASS_WORKER_KEY/,
    ],
    [
      { BREAKGLASS_WORKER_KEY: '/keys/bot.pem', BREAKGLASS_BOT_PUBLIC_KEY: '/keys/bot.pub.pem' },
      /the same key/,
    ],
  ])('are refused when they are not what they must be: %p', (change, expected) => {
    expect(problemsOf('worker', { ...WORKER, ...change })).toEqual([expect.stringMatching(expected)]);
  });

  it('are refused when they belong to another deployment', () => {
    const problems = problemsOf('worker', {
      ...WORKER,
      BREAKGLASS_DEPLOYMENT: 'staging',
      BREAKGLASS_BOT_PUBLIC_KEY: vkey(BOT_KEY),
    });

    expect(problems).toEqual([
      expect.stringMatching(/^BREAKGLASS_BOT_PUBLIC_KEY is the key of another deployment/),
    ]);
  });
});

describe('commands that need little', () => {
  it('read the log without a role, a key or a token', () => {
    const access = loadLogAccess({
      env: { BREAKGLASS_LOG_BUCKET: 'log-bucket', AWS_REGION: 'eu-west-1', SLACK_BOT_TOKEN: 'ignored' },
    });

    expect(access).toEqual({
      bucket: 'log-bucket',
      region: 'eu-west-1',
      deployment: null,
      retainDays: null,
      aws: null,
    });
  });

  it('say all that is missing for the log', () => {
    expect(() => loadLogAccess({ env: {} })).toThrow(
      /BREAKGLASS_LOG_BUCKET is required[^]*AWS_REGION is required/,
    );
  });

  it('find no log where the environment names no bucket, and every problem where it does', () => {
    expect(findLogAccess({ env: { BREAKGLASS_LOG_BUCKET: ' ', AWS_REGION: 'eu-west-1' } })).toBeUndefined();
    expect(() => findLogAccess({ env: { BREAKGLASS_LOG_BUCKET: 'log-bucket' } })).toThrow(/AWS_REGION/);
  });

  it('work on rules with a deployment, a Region and credentials, and take the command line first', () => {
    const env = { BREAKGLASS_DEPLOYMENT: 'prod', AWS_REGION: 'eu-west-1', REDIS_URL: 'not read' };
    const keys = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 's' };

    expect(loadRuleAccess({ regions: [] }, { env })).toEqual({
      deployment: 'prod',
      regions: ['eu-west-1'],
      aws: null,
    });
    const regions = ['us-east-1', 'eu-north-1', 'us-east-1'];
    expect(loadRuleAccess({ deployment: 'demo', regions }, { env: { ...env, ...keys } })).toEqual({
      deployment: 'demo',
      regions: ['us-east-1', 'eu-north-1'],
      aws: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 's' },
    });
  });

  it.each([
    [{ regions: [] }, /BREAKGLASS_DEPLOYMENT is required[^]*AWS_REGION is required/],
    [{ deployment: 'prod', regions: ['eu-west-1', 'eu'] }, /AWS_REGION must be an AWS region/],
    [{ deployment: 'a b', regions: ['eu-west-1'] }, /BREAKGLASS_DEPLOYMENT must be/],
  ])('refuse to work on rules with %j', (named, problem) => {
    expect(() => loadRuleAccess(named, { env: {} })).toThrow(problem);
  });

  it('look at workflow files with nothing set at all', () => {
    expect(loadWorkflowSettings({ env: {} })).toEqual({
      folder: `${process.cwd()}/workflows`,
      auditChannel: null,
    });
  });
});
