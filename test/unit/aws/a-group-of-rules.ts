import type { Revoked, Revoker, RevokerCalls } from '../../../src/aws/revoker.ts';
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
  readonly goneAt = new Map<string, number>();
  /** Whether describe lags: then it shows what is gone as well. */
  lags = false;
  /** How far behind a describe is; each one anew. */
  lagMs: () => number = () => 0;
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
  /** Hears every answer of describe. */
  told: Pick<Revoker, 'described'> | undefined;
  readonly #all: readonly OpenRule[];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock, rules: readonly OpenRule[]) {
    this.#clock = clock;
    this.#all = rules;
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
    this.goneAt.set(rule.ruleId, this.#clock.monotonic());
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

  async describe(group: string, answerMs = ANSWER_MS): Promise<ObservedRule[]> {
    this.describes += 1;
    const askedAt = this.#clock.monotonic();
    const asOf = askedAt - this.lagMs();
    if (answerMs > 0) await this.#clock.pause(answerMs);
    if (this.describeFails) throw new AccessError('unreachable', 'no answer');
    const isShown = ({ ruleId }: OpenRule): boolean =>
      this.shown.has(ruleId) || (this.goneAt.get(ruleId) ?? 0) > asOf;
    const rules = this.#all.filter((rule) => rule.group === group && isShown(rule)).map(observed);
    this.told?.described([group], rules, askedAt);
    return rules;
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
