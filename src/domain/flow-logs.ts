/** Without these a record does not tell who was let in where and when, or whether records are missing. */
export const NEEDED_FLOW_FIELDS: readonly string[] = [
  'interface-id',
  'srcaddr',
  'dstaddr',
  'srcport',
  'dstport',
  'protocol',
  'packets',
  'bytes',
  'start',
  'end',
  'action',
  'log-status',
];

/** The format of flow logs that were created without one (VPC user guide, "Flow log records", default format, version 2). */
export const DEFAULT_FLOW_FIELDS: readonly string[] = ['version', 'account-id', ...NEEDED_FLOW_FIELDS];
