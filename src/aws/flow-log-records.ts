import type { FlowLogs } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';

/** A record of a VPC flow log; numbers are NaN where the log has `-` (no traffic, or skipped). */
export type FlowRecord = {
  readonly interface: string;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly start: EpochSeconds;
  readonly end: EpochSeconds;
  readonly packets: number;
  readonly bytes: number;
};

const PLAIN_NUMBER = /^\d+$/;

/**
 * A filter pattern for space-delimited records with these values in these fields (CloudWatch Logs user guide, "Filter
 * pattern syntax"): one name a field, in the order of the format.
 */
export function patternFor(fields: readonly string[], wanted: Readonly<Record<string, string>>): string {
  const parts = fields.map((field, position) => {
    const value = wanted[field];
    if (value === undefined) return `f${position}`;
    return `f${position} = ${PLAIN_NUMBER.test(value) ? value : `"${value}"`}`;
  });
  return `[${parts.join(', ')}]`;
}

/** Undefined for a line that is not in this format. */
export function flowRecord(line: string, { fields }: Pick<FlowLogs, 'fields'>): FlowRecord | undefined {
  const values = line.trim().split(/\s+/);
  if (values.length !== fields.length) return undefined;
  const named = new Map(fields.map((field, position) => [field, values[position] ?? '']));
  const text = (field: string): string => named.get(field) ?? '';
  const number = (field: string): number =>
    PLAIN_NUMBER.test(text(field)) ? Number(text(field)) : Number.NaN;
  return {
    interface: text('interface-id'),
    // The address that was seen first, where something in between has written its own over it.
    source: named.get('pkt-srcaddr') ?? text('srcaddr'),
    sourcePort: number('srcport'),
    destination: text('dstaddr'),
    start: number('start'),
    end: number('end'),
    packets: number('packets'),
    bytes: number('bytes'),
  };
}
