import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { fold } from '../../../src/domain/fold.ts';
import type { SweepReported } from '../../../src/domain/records.ts';
import { EMPTY, type State } from '../../../src/domain/state.ts';
import { isoTime } from '../../../src/domain/time.ts';
import type { SecurityChannel } from '../../../src/ports/security-channel.ts';
import { SECURITY_CHANNEL } from '../../../src/sandbox/world.ts';
import { createSecurityChannel } from '../../../src/slack/security-channel.ts';
import { type LocalSlack, startLocalSlack } from '../../contract/sandbox-slack/support.ts';
import { aRecord, written } from '../../support/builders/records.ts';
import { losingAnswerTo } from './lossy-proxy.ts';
import { apiOf, linesOf } from './support.ts';

let slack: LocalSlack;

beforeEach(async () => {
  slack = await startLocalSlack({ rates: 'off' });
});

afterEach(async () => {
  await slack[Symbol.asyncDispose]();
});

/** A bot that has just started. */
const started = (apiUrl = apiOf(slack).apiUrl): SecurityChannel =>
  createSecurityChannel(SECURITY_CHANNEL, { ...apiOf(slack), apiUrl, logger: linesOf().logger });

const found = (...kinds: SweepReported['finding'][]): State['findings'] =>
  kinds
    .map((finding, index) =>
      written({ ...aRecord('sweep.reported'), finding, at: isoTime(Date.now() + index) }, index + 1),
    )
    .reduce(fold, EMPTY).findings;

const said = async (): Promise<string[]> =>
  (await slack.client.history(SECURITY_CHANNEL, 'U0JONAS001'))
    .filter(({ bot_id: bot }) => bot !== undefined)
    .map(({ text }) => text);

describe('the security channel', () => {
  test('is told each finding once, oldest first', async () => {
    const channel = started();

    await channel.report(found('unexpected'));
    await channel.report(found('unexpected', 'attributed', 'gone'));

    expect(await said()).toEqual([
      expect.stringContaining('A protected port is open'),
      expect.stringContaining('CloudTrail says'),
      expect.stringContaining('is gone'),
    ]);
  });

  test('is not told again by a bot that starts, nor by one that runs beside', async () => {
    const beside = started();
    await beside.report(found('overdue'));
    await started().report(found('overdue', 'unknown'));

    await beside.report(found('overdue', 'unknown'));
    await started().report(found('overdue', 'unknown'));

    expect(await said()).toHaveLength(2);
  });

  test('is told once when the answer is lost', async () => {
    await using proxy = await losingAnswerTo(slack.url, '1');
    const channel = started(`${proxy.url}/api/`);
    await expect(channel.report(found('wrong-shape'))).rejects.toThrow();

    await channel.report(found('wrong-shape'));

    expect(await said()).toEqual([expect.stringContaining('Found letting in something else')]);
  });

  test('is told once that CloudTrail cannot be compared with the log, and again after it could', async () => {
    const channel = started();
    const gap = { why: 'unavailable', text: 'AWS does not permit it' } as const;
    const comparisons = [false, false, true, false].map((complete, hour) =>
      aRecord('trail.compared', {
        at: isoTime(Date.now() + hour),
        complete,
        gaps: complete ? [] : [gap],
      }),
    );

    let state = EMPTY;
    for (const [i, record] of comparisons.entries()) {
      state = fold(state, written(record, i + 1));
      await channel.report(state.findings);
    }

    const once = expect.stringContaining('could not be compared in full');
    expect(await said()).toEqual([once, once]);
  });

  test('hears nothing where nothing was found', async () => {
    await started().report(EMPTY.findings);

    expect(await said()).toEqual([]);
  });
});
