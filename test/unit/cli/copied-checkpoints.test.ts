import { describe, expect, it } from '@jest/globals';
import { checkpointsIn } from '../../../src/cli/log/copied-checkpoints.ts';

const ROOT = 'fqL78g8Xl4o0kWnE93JhbKO+k1Y8BWyZD/5ylgF9SBs=';
const NOTE = `prod\n3\n${ROOT}\n\n— prod tOiAoy6SfiVThn6xmCXCNVm2FW19XC3PPq85\n`;
const CHECKPOINT = { origin: 'prod', size: 3, rootHash: ROOT };

describe('a checkpoint that somebody has kept', () => {
  it.each([
    ['a signed note', NOTE],
    ['its text alone, without a last line end', `prod\n3\n${ROOT}`],
    ['a note with the line ends of Windows', NOTE.replaceAll('\n', '\r\n')],
    [
      'a message copied from Slack',
      `breakglass\nAPP  9:41 AM\n⚓ The log has 3 records in 2 commits.\nCheckpoint of the log, to be kept for log verify --checkpoint\n  ${NOTE.replaceAll('\n', '\n  ')}\n1 reply`,
    ],
    ['what is followed by more', `${NOTE}\n{"commit":2}\n`],
  ])('is found in %s', (_, text) => {
    expect(checkpointsIn(text)).toEqual([CHECKPOINT]);
  });

  it('is one of several in a copied channel, and all of them count', () => {
    const later = NOTE.replace('\n3\n', '\n9\n');

    expect(checkpointsIn(`${NOTE}\nlater\n${later}`)).toEqual([CHECKPOINT, { ...CHECKPOINT, size: 9 }]);
  });

  it.each([
    ['nothing', ''],
    ['another text', 'one\ntwo\nthree\n'],
    ['half a root', `prod\n3\n${ROOT.slice(0, 20)}\n`],
    ['a size with a zero before it', `prod\n03\n${ROOT}\n`],
    ['no origin', `\n3\n${ROOT}\n`],
  ])('is not found in %s', (_, text) => {
    expect(checkpointsIn(text)).toEqual([]);
  });
});
