import type { AccessError, ObservedRule } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import { accessError } from './errors.ts';
import type { Pace } from './pace.ts';
import { type Next, Pump } from './pump.ts';

/** EC2's limit for the values of a request's filters. */
const GROUPS_A_CALL = 200;
/** So that what is asked in one turn of the event loop is one call. */
const GATHER_MS = 1;
/** Calls a second in the long run, and how many may go at once before that counts: EC2 grants 20 a second, 100 at once. */
const EVERY_MS = 200;
const BURST = 10;
/** Big answers are read one or two at a time; one that takes longer than this keeps nobody waiting. */
const READING = 2;
const SLOW_AFTER_MS = 1_000;

export type DescribeCalls = {
  /** Every ingress rule of these groups. Throws AccessError. */
  groups(groups: readonly string[]): Promise<readonly ObservedRule[]>;
  /** Every ingress rule that carries this deployment's tag. */
  ours(): Promise<readonly ObservedRule[]>;
};

/**
 * Describes of one place, shared: a call that has not been sent yet answers everybody who asks for any of its groups. One
 * that was sent before somebody asked never does: absence is proven by what AWS said afterwards.
 */
export class SharedDescribe {
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #calls: DescribeCalls;
  readonly #pump: Pump;
  #unsent: Look[] = [];
  #gatherUntil = 0;
  /** When the calls sent so far will have used up their share. */
  #spentUntil = Number.NEGATIVE_INFINITY;
  readonly #sentAt = new Set<{ readonly at: number }>();

  constructor(options: { readonly clock: Clock; readonly pace: Pace; readonly calls: DescribeCalls }) {
    this.#clock = options.clock;
    this.#pace = options.pace;
    this.#calls = options.calls;
    this.#pump = new Pump(options.clock, () => this.#step());
  }

  /** Every ingress rule of these groups, as AWS described them after this was asked. */
  async observe(groups: readonly string[]): Promise<readonly ObservedRule[]> {
    const looks = new Map([...new Set(groups)].map((group) => [group, this.#lookAt(group)]));
    const answers = await this.#answers([...looks.values()]);
    return [...looks].flatMap(([group, look]) => answers.get(look)?.get(group) ?? []);
  }

  async observeOurs(): Promise<readonly ObservedRule[]> {
    const look = this.#unsent.find(({ groups }) => groups === 'ours') ?? this.#add(new Look('ours'));
    const answers = await this.#answers([look]);
    return [...(answers.get(look)?.values() ?? [])].flat();
  }

  async #answers(looks: readonly Look[]): Promise<ReadonlyMap<Look, Seen>> {
    const answers = await Promise.all(
      [...new Set(looks)].map(async (look) => [look, await look.answer] as const),
    );
    return new Map(answers);
  }

  #lookAt(group: string): Look {
    let room: Look | undefined;
    for (const look of this.#unsent) {
      if (look.groups === 'ours') continue;
      if (look.groups.has(group)) return look;
      if (look.groups.size < GROUPS_A_CALL) room ??= look;
    }
    if (room?.groups instanceof Set) room.groups.add(group);
    return room ?? this.#add(new Look(new Set([group])));
  }

  #add(look: Look): Look {
    if (this.#unsent.length === 0) this.#gatherUntil = this.#clock.monotonic() + GATHER_MS;
    this.#unsent.push(look);
    this.#pump.wake();
    return look;
  }

  #step(): Next {
    if (this.#unsent.length === 0) return 'done';
    const now = this.#clock.monotonic();
    const share = this.#spentUntil - now - EVERY_MS * (BURST - 1);
    const wait = Math.max(this.#gatherUntil - now, this.#pace.wait, share);
    if (wait > 0) return { wait };
    const reading = [...this.#sentAt].filter(({ at }) => now - at < SLOW_AFTER_MS);
    if (reading.length >= READING) return { rest: SLOW_AFTER_MS };
    this.#spentUntil = Math.max(this.#spentUntil, now) + EVERY_MS;
    const [look, ...later] = this.#unsent;
    this.#unsent = later;
    if (look !== undefined) void this.#send(look, { at: now });
    return 'again';
  }

  async #send(look: Look, sent: { readonly at: number }): Promise<void> {
    this.#sentAt.add(sent);
    const call = this.#pace.sent();
    try {
      const rules = await (look.groups === 'ours'
        ? this.#calls.ours()
        : this.#calls.groups([...look.groups]));
      this.#pace.answered(call);
      look.resolve(byGroup(rules));
    } catch (error) {
      const failure = accessError(error, 'read', 'describe rules');
      if (failure.code === 'throttled') this.#pace.throttled(call);
      else if (failure.code === 'unreachable') this.#pace.silent(call);
      else this.#pace.answered(call);
      look.reject(failure);
    } finally {
      this.#sentAt.delete(sent);
      this.#pump.wake();
    }
  }
}

type Seen = ReadonlyMap<string, readonly ObservedRule[]>;

/** One call, and everybody who waits for it. */
class Look {
  readonly groups: Set<string> | 'ours';
  readonly answer: Promise<Seen>;
  resolve: (seen: Seen) => void = () => undefined;
  reject: (error: AccessError) => void = () => undefined;

  constructor(groups: Set<string> | 'ours') {
    this.groups = groups;
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

function byGroup(rules: readonly ObservedRule[]): Seen {
  const groups = new Map<string, ObservedRule[]>();
  for (const rule of rules) {
    const same = groups.get(rule.group);
    if (same === undefined) groups.set(rule.group, [rule]);
    else same.push(rule);
  }
  return groups;
}
