/** Every way the product says no to a person. One table in the Slack adapter maps each code to what the person reads. */
export type RefusalCode =
  // who may
  | 'unknown-person'
  | 'deactivated'
  | 'bot'
  | 'guest'
  | 'outside-organisation'
  | 'not-a-requester'
  | 'own-request'
  | 'not-an-approver'
  | 'already-approved-by-you'
  | 'not-yours-to-end'
  | 'not-yours-to-extend'
  | 'own-extension'
  // what was asked
  | 'unknown-workflow'
  | 'reason-empty'
  | 'reason-short'
  | 'reason-long'
  | 'link-not-url'
  | 'link-other-provider'
  | 'incident-unknown'
  | 'incident-closed'
  | 'incident-old'
  | 'address-invalid'
  | 'address-host-bits'
  | 'address-too-wide'
  | 'address-loopback'
  | 'address-multicast'
  | 'address-private'
  | 'address-unusable'
  | 'address-not-listed'
  | 'duration-invalid'
  | 'duration-short'
  | 'duration-long'
  // when
  | 'no-such-request'
  | 'already-decided'
  | 'lapsed'
  | 'withdrawn'
  | 'card-outdated'
  | 'nothing-to-end'
  | 'nothing-to-extend'
  | 'extension-not-allowed'
  | 'extension-used-up'
  | 'extension-denied'
  | 'extension-too-late'
  // what we depend on
  | 'workflow-changed'
  | 'approvals-insufficient'
  | 'approval-stale'
  | 'clock-skewed'
  | 'directory-silent'
  | 'incident-system-silent'
  | 'log-unavailable'
  | 'log-not-trusted';

/** One reason, with the values its text needs (limits, names); never a secret, and never text that somebody else typed. */
export type Refusal = { readonly code: RefusalCode; readonly values?: Readonly<Record<string, string>> };

export const refusal = (code: RefusalCode, values?: Readonly<Record<string, string>>): Refusal =>
  values === undefined ? { code } : { code, values };

/** Thrown where a refusal has to pass through code that knows nothing of refusals. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusals: readonly Refusal[];

  constructor(refusals: readonly Refusal[]) {
    super(refusals.map(({ code }) => code).join(', '));
    this.refusals = refusals;
  }
}
