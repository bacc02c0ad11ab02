import type { Revoked, RevokerCalls } from '../../../src/aws/revoker.ts';
import type { OpenRule } from '../../../src/domain/rule.ts';
import { AccessError, type AccessErrorCode, type ObservedRule } from '../../../src/ports/access.ts';
import type { FakeClock } from '../../support/fakes/fake-clock.ts';

export const aRule = (group: string, index = 0): OpenRule => ({
  account: '111122223333',
  region: 'eu-west-1',
  group,
  port: 8443,
  address: `203.0.113.${index}/32`,
  ruleId: `sgr-${group}-${index}`,
});

export const rulesIn = (group: string, count: number): OpenRule[] =>
  Array.from({ length: count }, (_, index) => aRule(group, index));

export const observed = (rule: OpenRule): ObservedRule => ({
  account: rule.account,
  region: rule.region,
  group: rule.group,
  ruleId: rule.ruleId,
  protocol: 'tcp',
  fromPort: rule.port,
  toPort: rule.port,
  address: rule.address,
  source: rule.address,
  tags: { deployment: 'test', request: null, expiresAt: null },
});

const ANSWER_MS = 30;

export type Call = {
  readonly at: number;
  readonly group: string;
  readonly ids: readonly string[];
  result: string;
};

/** As much of EC2 as revoking sees, on a clock that moves when told to. */
export class Groups implements RevokerCalls {
  readonly calls: Call[] = [];
  describes = 0;
  /** What is there, and what describe still shows. */
  readonly there = new Map<string, OpenRule>();
  readonly shown = new Map<string, OpenRule>();
  /** Whether describe lags: then it shows what is gone as well. */
  lags = false;
  /** Whether a refusal names the first rule that is missing. */
  names = true;
  /** A token bucket; null refuses nothing. */
  bucket: { tokens: number; readonly perSecond: number; filledAt: number; readonly most: number } | null =
    null;
  /** What a call of this group fails with. */
  fails: (group: string) => AccessErrorCode | undefined = () => undefined;
  describeFails = false;
  inFlight = 0;
  mostInFlight = 0;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock, rules: readonly OpenRule[]) {
    this.#clock = clock;
    for (const rule of rules) {
      this.there.set(rule.ruleId, rule);
      this.shown.set(rule.ruleId, rule);
    }
  }

  limit(most: number, perSecond: number): void {
    this.bucket = { tokens: most, most, perSecond, filledAt: this.#clock.monotonic() };
  }

  /** Somebody else was faster. */
  vanish(rule: OpenRule): void {
    this.there.delete(rule.ruleId);
    if (!this.lags) this.shown.delete(rule.ruleId);
  }

  async revoke(group: string, ids: readonly string[]): Promise<Revoked> {
    const call: Call = { at: this.#clock.monotonic(), group, ids, result: 'pending' };
    this.calls.push(call);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    const code = this.fails(group) ?? (this.#admitted() ? undefined : 'throttled');
    await this.#clock.pause(ANSWER_MS);
    this.inFlight -= 1;
    if (code !== undefined) {
      call.result = code;
      throw new AccessError(code, `could not revoke on ${group}`);
    }
    const missing = ids.find((id) => !this.there.has(id));
    if (missing !== undefined) {
      call.result = 'missing';
      return { missing: true, named: this.names && ids.length > 1 ? [missing] : [] };
    }
    for (const id of ids) this.vanish(this.there.get(id)!);
    call.result = 'revoked';
    return { awsRequest: `request-${this.calls.indexOf(call)}` };
  }

  async describe(group: string): Promise<ObservedRule[]> {
    this.describes += 1;
    await this.#clock.pause(ANSWER_MS);
    if (this.describeFails) throw new AccessError('unreachable', 'no answer');
    return [...this.shown.values()].filter((rule) => rule.group === group).map(observed);
  }

  #admitted(): boolean {
    const { bucket } = this;
    if (bucket === null) return true;
    const now = this.#clock.monotonic();
    bucket.tokens = Math.min(
      bucket.most,
      bucket.tokens + ((now - bucket.filledAt) / 1_000) * bucket.perSecond,
    );
    bucket.filledAt = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
