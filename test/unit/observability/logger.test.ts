import { describe, expect, it } from '@jest/globals';
import { generateKey } from '../../../src/log/keys.ts';
import { correlationId, newCorrelationId, withCorrelation } from '../../../src/observability/correlation.ts';
import { linesOf } from './lines.ts';

describe('a line of the log', () => {
  it('is JSON with the time, the level by name and what the process is', () => {
    const { logger, lines } = linesOf();

    logger.info({ request: 'bg-1' }, 'opened');

    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        role: 'bot',
        request: 'bg-1',
        msg: 'opened',
      },
    ]);
  });

  it('is not written below the level', () => {
    const { logger, text } = linesOf({ level: 'warn' });

    logger.info('chatter');

    expect(text()).toBe('');
  });

  it.each([
    ['a bot token', 'xoxb-1234-abcdef'],
    ['a user token', 'xoxp-1234-abcdef'],
    ['an app token', 'xapp-1-A0-123-abc'],
    ['an AWS key id', 'AKIAIOSFODNN7EXAMPLE'],
    ['temporary AWS credentials', 'ASIAIOSFODNN7EXAMPLE'],
    ['a bearer token', 'abc.def-ghi', 'authorization: Bearer abc.def-ghi'],
    ['a PagerDuty token', 'y_NbAkKc66ryYTWUXYEu', 'Token token=y_NbAkKc66ryYTWUXYEu'],
    ['a password in a URL', 'hunter2', 'connect redis://default:hunter2@redis.internal:6379 failed'],
    ['a password alone in a URL', 'hunter2', 'connect rediss://:hunter2@redis.internal:6379/0 failed'],
    [
      'a presigned URL',
      'abcdef0123',
      'GET https://bucket.s3.amazonaws.com/log/1?X-Amz-Signature=abcdef0123&x=1',
    ],
    ['a Slack webhook', 'T0/B0/secretpart', 'POST https://hooks.slack.com/services/T0/B0/secretpart failed'],
  ])('never shows %s, in the message or in a field', (_, secret, within = `got ${secret} here`) => {
    const { logger, text, lines } = linesOf();

    logger.error({ detail: { deep: { deeper: within } } }, within);
    logger.error(new Error(within, { cause: new Error(within) }));

    expect(text()).not.toContain(secret);
    expect(lines()).toHaveLength(2);
  });

  it('never shows a private key, whole or cut off', () => {
    const pem = generateKey();
    const { logger, text, lines } = linesOf();

    logger.error({ pem }, pem);
    logger.error({ pem: pem.slice(0, 60), next: 'stays' });

    expect(text()).not.toContain(pem.split('\n')[1]!.slice(0, 20));
    expect(lines()[1]).toMatchObject({ pem: '[private key removed]', next: 'stays' });
  });

  it('takes no time over a long text that looks like the beginning of many addresses', () => {
    const { logger, lines } = linesOf();
    const long = 'a.'.repeat(100_000);
    const asked = performance.now();

    logger.warn({ long }, 'x');

    expect(performance.now() - asked).toBeLessThan(2_000);
    expect(lines()[0]).toMatchObject({ long });
  });

  it('never shows a value it was told to hide, however it is quoted', () => {
    const secret = 'signing "secret" \\ of 2026';
    const { logger, text } = linesOf({ secrets: [secret, 'on'] });

    logger.warn({ secret: 'x', text: secret }, `bad: ${secret}`);

    expect(text()).not.toContain('of 2026');
    // Too short to be told from ordinary words.
    expect(text()).toContain('"role":"bot"');
  });

  it.each(['token', 'password', 'authorization', 'secretAccessKey', 'pageUrl'])(
    'hides a field called %s',
    (name) => {
      const { logger, lines } = linesOf();

      logger.info({ [name]: 'plain words', inside: { [name]: 'plain words' } }, 'x');

      expect(lines()[0]).toMatchObject({ [name]: '[redacted]', inside: { [name]: '[redacted]' } });
    },
  );
});

describe('an error in the log', () => {
  it('keeps its code, its cause and the AWS request id, and nothing else that it carries', () => {
    class AccessError extends Error {
      override readonly name = 'AccessError';
      readonly code = 'throttled';
      readonly config = { headers: 'private' };
    }
    const cause = Object.assign(new Error('Rate exceeded'), {
      $metadata: { requestId: 'r-1' },
      code: 'Throttling',
    });
    const { logger, lines, text } = linesOf();

    logger.error({ err: new AccessError('EC2 throttles', { cause }) }, 'closing goes on');

    expect(lines()[0]?.['err']).toMatchObject({
      type: 'AccessError',
      message: 'EC2 throttles',
      code: 'throttled',
      stack: expect.stringContaining('logger.test'),
      cause: { message: 'Rate exceeded', code: 'Throttling', awsRequestId: 'r-1' },
    });
    expect(text()).not.toContain('private');
  });

  it('ends, whatever causes what', () => {
    const error = new Error('circular');
    error.cause = error;
    const { logger, lines } = linesOf();

    logger.error({ err: error }, 'x');
    logger.error({ err: new AggregateError([new Error('a'), 'b'], 'both') }, 'y');

    expect(lines()[0]?.['err']).toMatchObject({
      cause: { cause: { cause: { cause: { message: 'circular' } } } },
    });
    expect(lines()[1]?.['err']).toMatchObject({
      errors: [{ message: 'a' }, { type: 'string', message: 'b' }],
    });
  });
});

describe('a correlation id', () => {
  it('is on every line of what it was given to, across awaits, and on no other', async () => {
    const { logger, lines } = linesOf();

    await withCorrelation('ABC', async () => {
      await Promise.resolve();
      logger.info('inside');
    });
    logger.info('outside');

    expect(lines().map((line) => line['correlation'])).toEqual(['ABC', undefined]);
  });

  it('can be shown to a person, and is new each time', () => {
    const ids = Array.from({ length: 50 }, newCorrelationId);

    expect(new Set(ids).size).toBe(50);
    expect(ids.every((id) => /^[0-9A-HJKMNP-TV-Z]{8}$/.test(id))).toBe(true);
    expect(withCorrelation(ids[0]!, correlationId)).toBe(ids[0]);
    expect(correlationId()).toBeUndefined();
  });
});
