import type { SandboxPart } from '../part.ts';
import type { PartOptions } from '../part-options.ts';
import type { AclEntry } from './ec2/acl-entry.ts';
import type { AlteredCopy } from './s3/tamper.ts';

export interface AwsOptions extends PartOptions {
  /** Overrides `ports`; 0 is any free port. */
  readonly port?: number;
  /** Length of a scheduler minute; shorter only in tests. Default 60,000. */
  readonly minuteMs?: number;
}

/** An ingress rule as the edge and the page see it. */
export interface IngressRule {
  readonly id: string;
  readonly fromPort: number;
  readonly toPort: number;
  /** `tcp`, `udp`, `icmp`, a protocol number, or `-1` for all traffic. */
  readonly protocol: string;
  /** Null when the source is a prefix list or another group. */
  readonly cidr: string | null;
  readonly source?: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** PEM texts of what ACM holds now. */
export interface HeldCertificate {
  readonly certificate: string;
  readonly chain: string;
  readonly privateKey: string;
}

/** A subnet as traffic meets it on its way in. */
export interface GuardedSubnet {
  readonly id: string;
  /** The security groups on its interfaces: who is reached through it. */
  readonly groups: readonly string[];
  /** Its network ACL, in the order of evaluation. */
  readonly entries: readonly AclEntry[];
}

/** A network interface that has a flow log. */
export interface FlowLogged {
  readonly id: string;
  readonly subnet: string;
  readonly address: string;
}

/** Where flow logs go. */
export interface FlowSink {
  /** The interfaces of the guarded service that have one. */
  flowLogged(): readonly FlowLogged[];
  /** Writes a record under the time at which its interval begins, epoch milliseconds. */
  logFlow(stream: string, timestamp: number, message: string): void;
}

/** What the edge needs of AWS: which rules hold, what filters the ways in, and which certificate. */
export interface GuardedService extends FlowSink {
  /** True state at this instant, without any lag. Empty when the group does not exist. */
  ingressRules(groupId: string): readonly IngressRule[];
  /** Every subnet; true state as well. */
  subnets(): readonly GuardedSubnet[];
  heldCertificate(arn: string): HeldCertificate | undefined;
  /** Called after any change of rules, network ACLs, interfaces or certificates. Returns the way to stop that. */
  onChange(listener: () => void): () => void;
}

export interface AwsPart extends SandboxPart, GuardedService {
  /** Alters a copy of the log's bucket in the named way and lets somebody look at it. Throws ControlError. */
  tamper<Answer>(
    name: string,
    look: (copy: AlteredCopy) => Promise<Answer>,
  ): Promise<{ readonly text: string; readonly answer: Answer }>;
  /** Endpoint of every service, for `AWS_ENDPOINT_URL`: `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
}
