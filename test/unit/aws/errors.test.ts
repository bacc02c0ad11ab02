import { describe, expect, test } from '@jest/globals';

import { accessError, type CallKind, certificateError, codeOf } from '../../../src/aws/errors.ts';
import { AccessError } from '../../../src/ports/access.ts';

const sdkError = (name: string, httpStatusCode?: number) =>
  Object.assign(new Error('some text of AWS with arn:aws:iam::111122223333:role/x'), {
    name,
    $metadata: { httpStatusCode, requestId: 'req-1' },
  });
const socketError = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

describe('what an error of AWS means', () => {
  test.each([
    ['UnauthorizedOperation', 403, 'not-permitted'],
    ['AccessDeniedException', 400, 'not-permitted'],
    ['CredentialsProviderError', undefined, 'not-permitted'],
    ['RequestLimitExceeded', 503, 'throttled'],
    ['ThrottlingException', 429, 'throttled'],
    ['RulesPerSecurityGroupLimitExceeded', 400, 'rule-limit'],
    ['InvalidGroup.NotFound', 400, 'no-such-group'],
    ['InvalidParameterValue', 400, 'rejected'],
    ['SomethingOfTomorrow', 400, 'rejected'],
  ])('%s is the same for reads and changes', (name, status, code) => {
    expect(codeOf(sdkError(name, status), 'read')).toBe(code);
    expect(codeOf(sdkError(name, status), 'change')).toBe(code);
  });

  test.each<[string, Error]>([
    ['a server error', sdkError('InternalError', 500)],
    ['an answer that cannot be read', sdkError('SyntaxError', 200)],
    ['a time-out', sdkError('TimeoutError')],
    ['a call that was given up', sdkError('AbortError')],
    ['a reset connection', socketError('ECONNRESET')],
  ])('after %s a change may have been carried out, a read just failed', (_, error) => {
    expect(codeOf(error, 'change')).toBe('unknown-outcome');
    expect(codeOf(error, 'read')).toBe('unreachable');
  });

  test.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH'])(
    'with %s nothing was sent',
    (code) => {
      expect(codeOf(socketError(code), 'change')).toBe('unreachable');
    },
  );

  test.each([undefined, null, 'text', 7])('%p is no reason to trust that nothing happened', (thrown) => {
    expect(codeOf(thrown, 'change')).toBe('unknown-outcome');
  });
});

test('what was understood before keeps its meaning', () => {
  const known = new AccessError('not-permitted', 'could not take the role');

  expect(codeOf(known, 'change')).toBe('not-permitted');
  expect(accessError(known, 'change', 'open')).toBe(known);
  expect(certificateError(known, 'change', 'import')).toMatchObject({ code: 'not-permitted' });
});

test.each(['AuthFailure', 'InvalidSignatureException', 'RequestExpired', 'SignatureDoesNotMatch'])(
  'after %s nobody is sent to look at a role',
  (name) => {
    const { code, message } = accessError(sdkError(name, 403), 'read', 'read the switch bg-1');

    expect(code).toBe('not-permitted');
    expect(message).toMatch(/^could not read the switch bg-1: .*clock, then its credentials/);
    expect(message).not.toContain('policy');
  },
);

test("the text names what failed and where to look it up, never AWS's own text", () => {
  const { message } = accessError(sdkError('UnauthorizedOperation', 403), 'change', 'open tcp 8443 on sg-1');

  expect(message).toBe(
    'could not open tcp 8443 on sg-1: the role may not do this: check the role in the workflow file and its policy (UnauthorizedOperation, request req-1)',
  );
});

describe('errors of the certificate store', () => {
  test.each<[string, CallKind, string]>([
    ['ResourceNotFoundException', 'read', 'no-such-certificate'],
    ['AccessDeniedException', 'change', 'not-permitted'],
    ['ValidationException', 'change', 'rejected'],
    ['ThrottlingException', 'change', 'unreachable'],
  ])('%s of a %s is %s', (name, kind, code) => {
    expect(certificateError(sdkError(name, 400), kind, 'import')).toMatchObject({
      name: 'CertificateError',
      code,
    });
  });

  test('carry no cause, which could hold the request', () => {
    expect(certificateError(sdkError('ValidationException', 400), 'change', 'import').cause).toBeUndefined();
  });
});
