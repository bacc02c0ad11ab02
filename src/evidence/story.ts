import type { BreakglassRecord, RecordRef, RecordType } from '../domain/records.ts';

/** Everything the log says of one request up to some record, and where it says it. */
export type Story = {
  readonly deployment: string;
  readonly request: string;
  readonly records: readonly (RecordRef & { readonly record: BreakglassRecord })[];
  /** The signed checkpoint that covers all of them, verbatim. */
  readonly checkpoint: string;
};

/** The newest record of a type. */
export const last = <T extends RecordType>(
  { records }: Story,
  type: T,
): Extract<BreakglassRecord, { type: T }> | undefined => all(records, type).at(-1);

export const all = <T extends RecordType>(
  records: Story['records'],
  type: T,
): readonly Extract<BreakglassRecord, { type: T }>[] =>
  records
    .map(({ record }) => record)
    .filter((record): record is Extract<BreakglassRecord, { type: T }> => record.type === type);
