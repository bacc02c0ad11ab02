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
};

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
  [account, region, group, port, address].join('|');

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

/** The latest deadline of the grants that hold one rule. */
export const ruleEnd = (deadlines: readonly EpochSeconds[]): EpochSeconds => Math.max(...deadlines);
