import { randomUUID } from 'node:crypto';
import type { Faults } from '../faults.ts';
import type { Clock } from '../part-options.ts';
import type { Calls } from './calls.ts';
import { AwsError, statusOfCode } from './error.ts';
import { type Caller, isAllowed } from './identities.ts';
import type { AwsAnswer, AwsService, ErrorForm, ParsedCall } from './service.ts';
import { type Throttle, actionNames } from './throttle.ts';

/**
 * Carries out a call that has been read: faults, throttling, policy, the action itself, and its line in the list of
 * calls. The HTTP server and the scheduler's targets both come through here.
 */
export class Dispatcher {
  readonly clock: Clock;
  readonly #faults: Faults;
  readonly #throttle: Throttle;
  readonly #calls: Calls;

  constructor(parts: { clock: Clock; faults: Faults; throttle: Throttle; calls: Calls }) {
    this.clock = parts.clock;
    this.#faults = parts.faults;
    this.#throttle = parts.throttle;
    this.#calls = parts.calls;
  }

  /** Throws AwsError; anything unexpected becomes the service's internal error. */
  async execute(
    service: AwsService,
    call: ParsedCall,
    caller: Caller,
    region: string,
    requestId: string = randomUUID(),
  ): Promise<AwsAnswer> {
    const { account } = caller;
    try {
      this.#checkFaults(service, call.action, account, region);
      checkPolicy(service, call.action, caller);
      const answer = await call.run({ caller, account, region, requestId, now: this.clock.now() });
      this.record(service, call, caller, region, requestId, undefined);
      return answer;
    } catch (error) {
      const known = error instanceof AwsError ? error : internalError(service, error);
      this.record(service, call, caller, region, requestId, known.code);
      throw known;
    }
  }

  record(
    service: AwsService,
    call: Pick<ParsedCall, 'action' | 'input'>,
    caller: Caller | undefined,
    region: string,
    requestId: string,
    code: string | undefined,
  ): void {
    this.#calls.record({
      at: new Date(this.clock.now()).toISOString(),
      service: service.name,
      action: call.action,
      account: caller?.account ?? '',
      region,
      role: caller?.identityArn ?? null,
      ok: code === undefined,
      ...(code !== undefined && { code }),
      requestId,
      input: call.input,
    });
  }

  #checkFaults(service: AwsService, action: string, account: string, region: string): void {
    if (service.name === 's3' && this.#faults.get('s3.down') === true) {
      throw new AwsError('ServiceUnavailable', 'Service is unable to handle request.', 503);
    }
    const failure = this.#faults.take('aws.fail', actionNames(service.name, action));
    if (failure !== undefined) {
      throw new AwsError(failure.code, `Injected failure of ${action}`, statusOfCode(failure.code));
    }
    if (!this.#throttle.admit(service.name, action, account, region)) {
      throw formed(service.codes.throttled, 'Request limit exceeded.');
    }
  }
}

/** An error in the form that the service gives it. */
export function formed({ code, status }: ErrorForm, message: string): AwsError {
  return new AwsError(code, message, status);
}

function checkPolicy(service: AwsService, action: string, caller: Caller): void {
  if (isAllowed(caller, `${service.name}:${action}`)) return;
  throw formed(
    service.codes.accessDenied,
    `User: ${caller.arn} is not authorized to perform: ${service.name}:${action} ` +
      'because no identity-based policy allows the action',
  );
}

function internalError(service: AwsService, cause: unknown): AwsError {
  return formed(
    service.codes.internal,
    cause instanceof Error ? cause.message : 'An internal error has occurred',
  );
}
