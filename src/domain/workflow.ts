import type { Members } from './person.ts';
import type { Target } from './rule.ts';

/** One reviewed file in `workflows/`, validated: what may be opened, by whom, approved by whom, from where, how long. */
export type Workflow = {
  readonly name: string;
  readonly title: string;
  /** SHA-256 of the file's bytes, hex: which version of the policy a decision was made under. */
  readonly hash: string;
  readonly target: Target;
  readonly sources: { readonly typed: boolean; readonly allow: readonly NamedSource[] };
  readonly duration: {
    readonly defaultSeconds: number;
    readonly maxSeconds: number;
    /** How often an open window may be prolonged, and by how much each time; null: never. */
    readonly extend: Extend | null;
  };
  readonly reason: { readonly minLength: number };
  readonly requesters: Members;
  readonly approval: {
    readonly count: number;
    readonly from: Members;
    readonly lapseAfterSeconds: number;
    /** Where requests are posted; null: the channel they were asked in. */
    readonly channel: string | null;
  };
  readonly incident: {
    readonly provider: IncidentProvider;
    /** States in which an incident justifies an opening. */
    readonly states: readonly string[];
    readonly maxAgeSeconds: number;
  };
  readonly rotate: Rotation;
  readonly audit: { readonly channel: string };
};

export type Extend = { readonly bySeconds: number; readonly times: number };

export type IncidentProvider = 'pagerduty';

/** A source the workflow names; `cidr` is one host in canonical form. */
export type NamedSource = { readonly name: string; readonly cidr: string };

export type Rotation = { readonly kind: 'none' } | AcmImport;

/** Replace the certificate under the same ACM ARN: new key pair, certificate from the workflow's own CA. */
export type AcmImport = {
  readonly kind: 'acm-import';
  readonly certificate: string;
  readonly issuer: LocalCa;
  /** Where a TLS handshake must show the new certificate. */
  readonly probe: { readonly host: string; readonly port: number };
  readonly withinSeconds: number;
};

export type LocalCa = {
  readonly kind: 'local-ca';
  /** Absolute paths of PEM files. */
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly validitySeconds: number;
};

export const MIN_DURATION_SECONDS = 10;
export const MAX_REASON_LENGTH = 3_000;
