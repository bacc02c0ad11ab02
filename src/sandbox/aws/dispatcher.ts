import type { Faults } from '../faults.ts';
import type { Clock } from '../part-options.ts';
import type { Calls } from './calls.ts';
import { type Outcome, trailEvent } from './cloudtrail/event.ts';
import type { Trail } from './cloudtrail/trail.ts';
import { AwsError, statusOfCode } from './error.ts';
import { type Caller, isAllowed } from './identities.ts';
import type { AwsAnswer, AwsService, CallOrigin, ErrorForm, ParsedCall } from './service.ts';
import { type Throttle, actionNames } from './throttle.ts';

/**
 * Carries out a call that has been read: faults, throttling, policy, the action itself, its line in the list of calls,
 * and for a change its event in CloudTrail. The HTTP server and the scheduler's targets both come through here.
 */
export class Dispatcher {
  readonly clock: Clock;
  readonly #faults: Faults;
  readonly #throttle: Throttle;
  readonly #calls: Calls;
  readonly #trail: Trail;

  constructor(parts: { clock: Clock; faults: Faults; throttle: Throttle; calls: Calls; trail: Trail }) {
    this.clock = parts.clock;
    this.#faults = parts.faults;
    this.#throttle = parts.throttle;
    this.#calls = parts.calls;
    this.#trail = parts.trail;
  }

  /** Throws AwsError; anything unexpected becomes the service's internal error. */
  async execute(service: AwsService, call: ParsedCall, origin: CallOrigin): Promise<AwsAnswer> {
    return this.#recorded(service, call, origin, () => {
      this.#checkFaults(service, call.action, origin.caller.account, origin.region);
      call.refuse?.(origin.caller);
      checkPolicy(service, call.action, origin.caller);
    });
  }

  /** The same for somebody else's hand: no fault and no policy stands in its way. */
  async executeByHand(service: AwsService, call: ParsedCall, origin: CallOrigin): Promise<AwsAnswer> {
    return this.#recorded(service, call, origin, () => {});
  }

  async #recorded(
    service: AwsService,
    call: ParsedCall,
    origin: CallOrigin,
    check: () => void,
  ): Promise<AwsAnswer> {
    const { caller, region, requestId } = origin;
    try {
      check();
      const { account } = caller;
      const answer = await call.run({ caller, account, region, requestId, now: this.clock.now() });
      this.record(service, call, caller, region, requestId, undefined);
      this.#addToTrail(service, call, origin, answer);
      return answer;
    } catch (error) {
      const known = error instanceof AwsError ? error : internalError(service, error);
      this.record(service, call, caller, region, requestId, known.code);
      this.#addToTrail(service, call, origin, known);
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

  /** Throttled calls leave no event: they never reached the service. */
  #addToTrail(service: AwsService, call: ParsedCall, origin: CallOrigin, outcome: Outcome): void {
    if (call.change === undefined) return;
    if (outcome instanceof AwsError && outcome.code === service.codes.throttled.code) return;
    this.#trail.add(trailEvent(service, call.action, call.change, origin, outcome, this.clock.now()));
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
