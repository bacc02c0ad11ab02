import { decideSeal } from '../../../src/domain/decide/seal.ts';
import type { BreakglassRecord, RecordType } from '../../../src/domain/records.ts';
import type { Story } from '../../../src/evidence/story.ts';
import { aRecord, HISTORIES, ID, NOON, stateAfter } from '../../support/builders/records.ts';
import { CHECKPOINT } from '../slack/support.ts';

export type Given = (BreakglassRecord | RecordType)[];

/** A request with these records, each in a commit of its own, under a checkpoint as any log has one. */
export const aStory = (...given: Given): Story => ({
  deployment: 'production',
  request: ID,
  records: given
    .map((record) => (typeof record === 'string' ? aRecord(record) : record))
    .map((record, i) => ({ index: i + 1, commit: i + 2, leaf: `${i}`.padStart(64, '0'), record })),
  checkpoint: CHECKPOINT,
});

/** The same, sealed as a worker would. */
export function sealedStory(...given: Given): Story {
  const decision = decideSeal(stateAfter(...given), { request: ID, software: '1.2.3' }, NOON + 1_000_000);
  if (decision.kind !== 'do' || decision.records.length === 0) throw new Error('it cannot be sealed yet');
  return aStory(...given, ...decision.records);
}

/** Every end there is, by its outcome. */
export const ENDS: Readonly<Record<string, Given>> = {
  denied: ['request.asked', 'request.denied'],
  withdrawn: ['request.asked', 'approval.given', 'request.withdrawn'],
  lapsed: ['request.asked', 'request.lapsed'],
  failed: ['request.asked', 'approval.given', 'open.intended', 'open.failed'],
  closed: [...HISTORIES.rotated],
};
