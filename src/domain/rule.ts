import type { EpochSeconds } from './time.ts';

/** Where a workflow opens: everything the adapters need to reach it, kept in the record so that a close never needs the file. */
export type Target = {
  readonly account: string;
  readonly region: string;
  readonly roleArn: string;
  readonly securityGroups: readonly string[];
  readonly port: number;
  readonly switch: {
    readonly roleArn: string;
    readonly scheduleGroup: string;
    readonly deadLetterQueue: string;
  };
  /** The network ACLs' rule numbers that are ours, where connections are cut at the close; null: they live on. */
  readonly cut: RuleNumbers | null;
  /** What is looked up about a window once it is over; left out: nothing. */
  readonly activity?: Activity;
};

/** Where the connections through the port are logged; null: nowhere, and only calls of the AWS API are looked up. */
export type Activity = { readonly flowLogs: FlowLogs | null };

/** A log group of CloudWatch Logs in the target's account and Region, and the names of the fields of its records in order. */
export type FlowLogs = { readonly logGroup: string; readonly fields: readonly string[] };

/** Both ends included. */
export type RuleNumbers = { readonly first: number; readonly last: number };

/** What AWS has to be asked as: an account, a Region and the role for it. */
export type Place = Pick<Target, 'account' | 'region' | 'roleArn'>;

/** One ingress rule of one security group: tcp, one port, one host. Nothing wider can be said. */
export type Rule = {
  readonly account: string;
  readonly region: string;
  readonly group: string;
  readonly port: number;
  /** Canonical CIDR of one host. */
  readonly address: string;
};

export const ruleKey = ({ account, region, group, port, address }: Rule): string =>
  `${account}|${region}|${group}|${port}|${address}`;

export const rulesOf = (target: Target, address: string): Rule[] =>
  target.securityGroups.map((group) => ({
    account: target.account,
    region: target.region,
    group,
    port: target.port,
    address,
  }));

/** A rule once AWS has named it. */
export type OpenRule = Rule & { readonly ruleId: string };

/** An entry of a network ACL that denies one host one port: what ends connections that a rule has let in. */
export type CutEntry = {
  readonly acl: string;
  readonly ruleNumber: number;
  readonly port: number;
  /** Canonical CIDR of one host. */
  readonly address: string;
};

/** The latest deadline of the grants that hold one rule. */
export const ruleEnd = (deadlines: readonly EpochSeconds[]): EpochSeconds => Math.max(...deadlines);
