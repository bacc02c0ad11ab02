import { expect, test } from '@jest/globals';

import { flowRecord, patternFor } from '../../../src/aws/flow-log-records.ts';
import { DEFAULT_FLOW_FIELDS } from '../../../src/domain/flow-logs.ts';

const fields = DEFAULT_FLOW_FIELDS;
/** VPC user guide, "Flow log record examples", accepted and rejected traffic. */
const EXAMPLE =
  '2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK';

test('a record is read by the names of its fields', () => {
  expect(flowRecord(EXAMPLE, { fields })).toEqual({
    interface: 'eni-1235b8ca123456789',
    source: '172.31.16.139',
    sourcePort: 20_641,
    destination: '172.31.16.21',
    start: 1_418_530_010,
    end: 1_418_530_070,
    packets: 20,
    bytes: 4_249,
  });
});

test('a record without traffic has no numbers but its times', () => {
  const line = '2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA';

  expect(flowRecord(line, { fields })).toMatchObject({
    start: 1_431_280_876,
    end: 1_431_280_934,
    packets: NaN,
  });
});

test('a line in another format is no record', () => {
  expect(flowRecord(`${EXAMPLE} more`, { fields })).toBeUndefined();
});

test('a field that the format does not have is empty', () => {
  expect(flowRecord('eni-1', { fields: ['interface-id'] })).toMatchObject({ source: '', start: NaN });
});

test('the address that was seen first counts, where the format has it', () => {
  const line = `203.0.113.7 ${EXAMPLE}`;

  expect(flowRecord(line, { fields: ['pkt-srcaddr', ...fields] })?.source).toBe('203.0.113.7');
});

test('a pattern names every field, and asks for numbers and texts as CloudWatch Logs tells them apart', () => {
  expect(patternFor(['interface-id', 'dstport', 'action'], { dstport: '8443', action: 'ACCEPT' })).toBe(
    '[f0, f1 = 8443, f2 = "ACCEPT"]',
  );
});
