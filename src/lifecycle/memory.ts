import type { Made } from '../domain/decide/cuts.ts';
import type { Finding, ReportedRule } from '../domain/records.ts';
import type { OpenRule, Rule, Target } from '../domain/rule.ts';
import type { EpochMs } from '../domain/time.ts';
import type { Clock } from '../ports/clock.ts';
import { Changes } from './changes.ts';
import { Deadlines } from './deadlines.ts';
import { Page } from './page.ts';

/** Proof of absence, kept until it is in the log: a bucket that is away must not make a closing look late. */
export type Gone = {
  readonly closedAt: EpochMs;
  readonly latenessMs: number;
  readonly awsRequests: readonly string[];
  /** A revoke was accepted, or the rules were described before they were gone, or they stay for other grants. */
  readonly witnessed: boolean;
  /** Rules that stayed, for other grants. */
  readonly kept: readonly OpenRule[];
  /** Proven while the log said that it is being closed: before that, another worker could still have opened it. */
  readonly told: boolean;
};

/** A cut that is being made, or has been. */
export type PendingCut = {
  /** Undefined when it was given up. */
  readonly made: Promise<MadeCut | undefined>;
  /** Why it has not been made yet, safe to show. */
  problem: string;
  readonly stop: AbortController;
};
/** `rules`: those it was made for; another grant may have needed the others then. */
export type MadeCut = Made & { readonly rules: readonly Rule[] };

/** What was found, and when. */
export type Unwritten = {
  readonly finding: Finding;
  readonly request: string | null;
  readonly rules: readonly ReportedRule[];
  readonly at: EpochMs;
  readonly awsRequests?: readonly string[];
  readonly switchRequests?: readonly string[];
};

/** A rule of ours that has to go, for as long as AWS shows it. */
export type Stray = {
  readonly rule: ReportedRule;
  readonly request: string | null;
  readonly foundAt: EpochMs;
  /** The same on the monotonic clock. */
  readonly since: number;
  /** What is to be said of it once it is closed; undefined where that may have happened on time. */
  finding: Finding | undefined;
  /** What was said of it. */
  said: Finding | undefined;
  /** Of ours that AWS accepted for it. */
  readonly awsRequests: Set<string>;
  /** It is late, and somebody is woken: whatever AWS answers, it is closed only when it is not shown any more. */
  paged: boolean;
  /** The page that names it. */
  page?: Page;
};

/** `at`: when AWS said so of the last of them. */
export type MadeRules = {
  readonly target: Target;
  readonly rules: readonly OpenRule[];
  readonly at: EpochMs;
};

/** What one worker process knows that is not state: lost at a restart, and nothing is wrong then but a measurement. */
export class Memory {
  readonly deadlines: Deadlines;
  /** What AWS has changed at our word, until a record names the calls. */
  readonly changes = new Changes();
  /** Closed, and not yet recorded. */
  readonly gone = new Map<string, Gone>();
  /** Rules that AWS said it made for a request: to be revoked by id even before they are described. */
  readonly made = new Map<string, MadeRules>();
  /** Rules whose switches this worker has armed for an opening for which it has authorized nothing yet. */
  readonly armed = new Map<string, { readonly target: Target; readonly rules: readonly Rule[] }>();
  /** Since when, on the monotonic clock, a rule of an open grant was not described. */
  readonly missedSince = new Map<string, number>();
  /** By rule id: each is a finding once, until it changes. */
  readonly strays = new Map<string, Stray>();
  /** Findings that the log has not taken yet, oldest first. */
  readonly unwritten = new Set<Unwritten>();
  /** The commits that write them, while they are under way. */
  reporting: Promise<void> | undefined;
  /** When, on the monotonic clock, the switches of an open window were last looked at. */
  readonly switchSeen = new Map<string, number>();
  /** When, on the monotonic clock, everything with our tag was last asked for, by area. */
  readonly searched = new Map<string, number>();
  /** By account and Region, until when on the monotonic clock the sweep's calls have used up its share of EC2's. */
  readonly describesSpent = new Map<string, number>();
  /** Since when, on the monotonic clock, a rule that was reported as unexpected has not been described. */
  readonly unexpectedMissing = new Map<string, number>();
  /** When, on the monotonic clock, CloudTrail was last asked who made an unexpected rule that the log has no maker of. */
  readonly unattributed = new Map<string, number>();
  /** Connections of closing grants that are being cut, beside the closing. */
  readonly cuts = new Map<string, PendingCut>();
  /**
   * On the monotonic clock: when the network ACLs were last looked through for entries under the same numbers, and since when
   * some have been there that nothing explains.
   */
  readonly cutLooks = new Map<
    string,
    { readonly at: number; readonly strays: ReadonlyMap<string, number> }
  >();
  /** Since when, on the monotonic clock, an ended request has waited for its thread to be kept. */
  readonly threadAwaited = new Map<string, number>();
  /** Requests of which AWS has shown that what had to go is gone. */
  readonly shownGone = new Set<string>();
  /** Requests of which it is being recorded that their closing is late. */
  readonly notingLate = new Set<string>();
  readonly #pages = new Map<string, Page>();

  constructor(clock: Clock) {
    this.deadlines = new Deadlines(clock);
  }

  /** One for each request and reason: a page that was taken is not repeated because its record could not be written. */
  page(request: string, why: 'close' | 'cut' | 'rotation'): Page {
    const key = `${request} ${why}`;
    const page = this.#pages.get(key) ?? new Page();
    this.#pages.set(key, page);
    return page;
  }

  forget(request: string): void {
    this.deadlines.forget(request);
    this.changes.forget(request);
    this.gone.delete(request);
    this.made.delete(request);
    this.armed.delete(request);
    this.missedSince.delete(request);
    this.switchSeen.delete(request);
    this.threadAwaited.delete(request);
    this.cuts.get(request)?.stop.abort();
    this.cuts.delete(request);
    this.shownGone.delete(request);
    this.#pages.delete(`${request} close`);
    this.#pages.delete(`${request} cut`);
    this.#pages.delete(`${request} rotation`);
  }
}
