import type { GuardedService } from '../aws/types.ts';
import type { SandboxPart } from '../part.ts';
import type { PartOptions } from '../part-options.ts';

export interface EdgeOptions extends PartOptions {
  readonly aws: GuardedService;
  /** Simulated hosts besides those of the seeded world, each on a free port. Default: none. */
  readonly vantages?: readonly { readonly name: string; readonly address: string }[];
  /** Milliseconds between the probes that are emitted; 0 turns them off. Default 1,000. */
  readonly probeEveryMs?: number;
}

export interface VantageState {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly listening: boolean;
  /** Established connections, also those that outlived the rule; the edge's own probes are not counted. */
  readonly connections: number;
}

/** `open` is null when the probe itself failed and therefore says nothing. */
export interface ProbeResult {
  readonly vantage: string;
  readonly address: string;
  readonly port: number;
  readonly open: boolean | null;
  /** Lower-case octets separated by colons. */
  readonly serial?: string;
  /** SHA-256 of the certificate, upper-case octets separated by colons. */
  readonly fingerprint?: string;
  readonly ms: number;
  readonly error?: string;
}

export interface EdgePart extends SandboxPart {
  snapshot(): { vantages: readonly VantageState[] };
  /** Throws ControlError for an unknown vantage. */
  probe(vantage: string): Promise<ProbeResult>;
}
