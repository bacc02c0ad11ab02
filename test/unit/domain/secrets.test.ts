import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { maskSecrets } from '../../../src/domain/secrets.ts';

/** In two pieces, so that nothing here is taken for a real one. */
const key = (...parts: string[]): string => parts.join('');
const PEM = key(
  '-----BEGIN EC PRI',
  'VATE KEY-----\nMHcCAQEEIBk=\nAwEHoUQDQgAE\n-----END EC PRI',
  'VATE KEY-----',
);

describe('a reason', () => {
  test.each<[string, string, string]>([
    ['a private key', PEM, '[private key removed]'],
    ['one that was cut off', PEM.slice(0, 50), '[private key removed]'],
    ['an AWS access key', key('AKIA', 'IOSFODNN7EXAMPLE'), '[AWS access key removed]'],
    [
      'an AWS secret key',
      key('aws_secret_access_key = ', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
      'aws_secret_access_key = [AWS secret key removed]',
    ],
    ['a Slack bot token', key('xo', 'xb-123456789012-abcdefABCDEF'), '[Slack token removed]'],
    ['a Slack app token', key('xa', 'pp-1-A012-345-abcdef'), '[Slack token removed]'],
    ['a rotated Slack token', key('xo', 'xe.xoxp-1-Mi0yLTEyMzQ1'), '[Slack token removed]'],
    [
      'a Slack webhook',
      key('https://hooks.slack.com/', 'services/T000/B000/XXXXXXXX'),
      'https://hooks.slack.com/services/[Slack webhook removed]',
    ],
    ['a GitHub token', key('gh', 'p_0123456789abcdef0123456789abcdef0123'), '[GitHub token removed]'],
    [
      'a GitHub fine-grained token',
      key('github', '_pat_0123456789abcdef0123456789abcdef'),
      '[GitHub token removed]',
    ],
    ['a GitLab token', key('glp', 'at-0123456789abcdefghij'), '[GitLab token removed]'],
    ['a Google API key', key('AI', 'zaSyA-0123456789abcdefghijklmnopqrstuv'), '[Google API key removed]'],
    ['a Stripe key', key('sk_', 'live_0123456789abcdefgh'), '[Stripe key removed]'],
    [
      'a JSON web token',
      key('eyJhbGciOiJIUzI1', 'NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N'),
      '[JSON web token removed]',
    ],
    [
      'a bearer token',
      key('Authorization: Bearer ', '0123456789abcdef=='),
      'Authorization: Bearer [credential removed]',
    ],
    [
      'a header that authorizes',
      key('authorization: Basic ', 'dTpw'),
      'authorization: Basic [credential removed]',
    ],
    [
      'a signed address',
      key('https://b.s3.amazonaws.com/log/1?X-Amz-Signature=', 'abcdef01&x=1'),
      'https://b.s3.amazonaws.com/log/1?X-Amz-Signature=[signature removed]&x=1',
    ],
    [
      'the password of an address',
      key('postgres://admin:', 'hunter2@db.example:5432/x'),
      'postgres://admin:[password removed]@db.example:5432/x',
    ],
    ['a password that is said to be one', key('password: ', 'hunter2!'), 'password: [secret removed]'],
    ['an API key in quotes', key("api_key='", "abc123def'"), "api_key='[secret removed]'"],
  ])('is recorded without %s', (_, secret, masked) => {
    expect(maskSecrets(`use ${secret} now`)).toBe(
      masked.startsWith('[private') && !secret.includes('END') ? `use ${masked}` : `use ${masked} now`,
    );
  });

  test('is recorded without any of several', () => {
    const text = `${key('AKIA', 'IOSFODNN7EXAMPLE')} and ${key('AKIA', 'IOSFODNN7EXAMPLF')}`;

    expect(maskSecrets(text)).toBe('[AWS access key removed] and [AWS access key removed]');
  });

  test.each([
    'Settlement queue is stuck, see https://example.pagerduty.com/incidents/PINC0042',
    'The token: expired. The password: unknown to us',
    'Secret rotation failed at 12:30, job basic-auth-7',
    'Console https://console.internal:8443/login?next=/queue does not answer',
    'user@example.com says that AKIA keys are fine',
    'sg-0123456789abcdef0 and arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012',
    'commit 0a1b2c3d4e5f60718293a4b5c6d7e8f901234567 broke it',
  ])('keeps what is none: %s', (text) => {
    expect(maskSecrets(text)).toBe(text);
  });

  test('stays JSON where it is a line of it', () => {
    const line = { url: 'http://console:8443', who: 'a@b', pem: PEM.slice(0, 60), next: 'stays' };

    expect(JSON.parse(maskSecrets(JSON.stringify(line)))).toEqual({ ...line, pem: '[private key removed]' });
  });

  test('is the same when it is masked again', () => {
    const words = fc.constantFrom(
      PEM,
      key('AKIA', 'IOSFODNN7EXAMPLE'),
      'password=',
      'secret: ',
      'Bearer ',
      'redis://u:',
      'abc123!def456ghi789',
      '@host/x ',
      ' ',
      'word',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
        const once = maskSecrets(parts.join(''));

        expect(maskSecrets(once)).toBe(once);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    key('AKIA', 'IOSFODNN7EXAMPLE'),
    key('xo', 'xb-123456789012-abcdefABCDEF'),
    key('gh', 'p_0123456789abcdef0123456789abcdef0123'),
    key('eyJhbGciOiJIUzI1', 'NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N'),
    key('pass', 'word: hunter2hunter2'),
  ])('is masked behind a line end in JSON as well: %s', (secret) => {
    const line = JSON.stringify({ text: `it says\n${secret}` });

    expect(maskSecrets(line)).toMatch(/^\{"text":"it says\\n(?:password: )?\[[\w ]+ removed\]"\}$/);
  });

  test.each([
    'eyJ-',
    'eyJaaaaaaaa.eyJ-',
    'token=',
    'password:',
    'a://',
    'secret ',
    '-----BEGIN PRIVATE KEY-----"',
  ])('is masked at once, however long somebody goes on with %s', (part) => {
    // As long as a message in Slack can be; a look from every place to the end took seconds of the processor.
    const text = part.repeat(Math.ceil(40_000 / part.length));
    const before = process.cpuUsage();

    maskSecrets(text);

    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(500);
  });
});
