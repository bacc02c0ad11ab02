import { approve, deny, type Click } from '../../lifecycle/approve.ts';
import { closableBy, closeAll, type Closable, type ClosedAll } from '../../lifecycle/close-all.ts';
import type { Answer, Desk } from '../../lifecycle/desk.ts';
import { done, revoke } from '../../lifecycle/end-early.ts';
import { approveExtension, denyExtension, extend, type ExtensionClick } from '../../lifecycle/extend.ts';
import { noteRemoved, type RemovedMessage } from '../../lifecycle/keep-thread.ts';
import { askFor, type Asking, workflowsFor } from '../../lifecycle/request.ts';
import { FIRST_MESSAGE } from '../../domain/settled.ts';
import { getRequest } from '../../domain/state.ts';
import type { Identity, PersonFacts } from '../../domain/person.ts';
import type { Refusal } from '../../domain/refusals.ts';
import type { Workflow } from '../../domain/workflow.ts';

export type { Answer, Asking, Click, Closable, ClosedAll };

/** Everything a person can set going from Slack. Each is safe to repeat: the second time changes nothing. */
export type Verbs = {
  readonly workflowsFor: (
    person: Identity,
  ) => Promise<
    | { readonly facts: PersonFacts; readonly workflows: readonly Workflow[] }
    | { readonly refusals: readonly Refusal[] }
  >;
  readonly workflow: (name: string) => Workflow | undefined;
  readonly askFor: (asking: Asking) => Promise<Answer>;
  readonly approve: (click: Click) => Promise<Answer>;
  readonly deny: (click: Click) => Promise<Answer>;
  readonly done: (click: Click) => Promise<Answer>;
  readonly revoke: (click: Click) => Promise<Answer>;
  readonly extend: (click: ExtensionClick) => Promise<Answer>;
  readonly approveExtension: (click: ExtensionClick) => Promise<Answer>;
  readonly denyExtension: (click: ExtensionClick) => Promise<Answer>;
  /** The workflows whose windows this person may all close, with how many there are now. */
  readonly closableBy: (
    person: Identity,
  ) => Promise<{ readonly workflows: readonly Closable[] } | { readonly refusals: readonly Refusal[] }>;
  readonly closeAll: (click: { readonly person: Identity; readonly workflow: string }) => Promise<ClosedAll>;
  /** A message was removed from a thread, of a request or not. */
  readonly noteRemoved: (message: RemovedMessage) => Promise<void>;
  /** Where a request's card is, once it is posted; undefined when that takes longer than `withinMs`. */
  readonly cardOf: (request: string, withinMs: number) => Promise<Place | undefined>;
};

export type Place = { readonly channel: string; readonly ts: string };

export const verbsOf = (desk: Desk): Verbs => ({
  workflowsFor: (person) => workflowsFor(desk, person),
  workflow: (name) => desk.workflows.get(name),
  askFor: (asking) => askFor(desk, asking),
  approve: (click) => approve(desk, click),
  deny: (click) => deny(desk, click),
  done: (click) => done(desk, click),
  revoke: (click) => revoke(desk, click),
  extend: (click) => extend(desk, click),
  approveExtension: (click) => approveExtension(desk, click),
  denyExtension: (click) => denyExtension(desk, click),
  closableBy: (person) => closableBy(desk, person),
  closeAll: (click) => closeAll(desk, click),
  noteRemoved: (message) => noteRemoved(desk, message),
  cardOf: (request, withinMs) => cardOf(desk, request, withinMs),
});

async function cardOf({ log, clock }: Desk, request: string, withinMs: number): Promise<Place | undefined> {
  const posted = (): Place | undefined => getRequest(log.state, request)?.messages[FIRST_MESSAGE];
  const already = posted();
  if (already !== undefined) return already;
  const limit = new AbortController();
  let unsubscribe = (): void => undefined;
  const seen = new Promise<Place>((resolve) => {
    unsubscribe = log.subscribe(() => {
      const place = posted();
      if (place !== undefined) resolve(place);
    });
  });
  try {
    return await Promise.race([seen, clock.pause(withinMs, limit.signal).then(() => undefined)]);
  } finally {
    unsubscribe();
    limit.abort();
  }
}
