import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Head } from '../../../src/log/types.ts';
import type { Anchor } from '../../../src/ports/anchor.ts';
import { AUDIT_CHANNEL } from '../../../src/sandbox/world.ts';
import { createSlackAnchor } from '../../../src/slack/anchor.ts';
import { type LocalSlack, startLocalSlack } from '../../contract/sandbox-slack/support.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { losingAnswerTo } from './lossy-proxy.ts';
import { apiOf, linesOf } from './support.ts';

const NOTE = 'prod\n12\nfqL78g8Xl4o0kWnE93JhbKO+k1Y8BWyZD/5ylgF9SBs=\n\n— prod tOiAoy6SfiVThn6x\n';
const head = (size: number): Head => ({ commit: 3, size, rootHash: '', checkpoint: NOTE });

let slack: LocalSlack;

beforeEach(async () => {
  slack = await startLocalSlack({ rates: 'off' });
});
afterEach(async () => {
  await slack[Symbol.asyncDispose]();
});

/** A bot that has just started. */
const started = ({ origin = 'prod', apiUrl = apiOf(slack).apiUrl } = {}): Anchor =>
  createSlackAnchor(AUDIT_CHANNEL, {
    ...apiOf(slack),
    apiUrl,
    origin,
    logger: linesOf().logger,
    clock: Object.assign(new FakeClock(), { now: () => Date.now() }),
  });

const said = async () =>
  (await slack.client.history(AUDIT_CHANNEL, 'U0JONAS001')).filter(({ bot_id: bot }) => bot !== undefined);

describe('the audit channel', () => {
  test('gets the signed note as it stands', async () => {
    await started().keep(head(12));

    const [message] = await said();
    expect(message?.text).toContain('The log has 12 records in 3 commits');
    expect(JSON.stringify(message?.blocks)).toContain(JSON.stringify(`\`\`\`\n${NOTE}\`\`\``).slice(1, -1));
  });

  test('is empty for a bot that finds nothing there', async () => {
    expect(await started().newest()).toBeNull();
  });

  test('tells a bot that starts what was posted last, and when', async () => {
    const before = Date.now();
    await started().keep(head(12));
    await started().keep(head(15));

    const newest = await started().newest();

    expect(newest?.size).toBe(15);
    expect(newest?.at).toBeGreaterThanOrEqual(before - 1_000);
    expect(newest?.at).toBeLessThanOrEqual(Date.now() + 1_000);
  });

  test('says the same when the answer to the post was lost', async () => {
    await using proxy = await losingAnswerTo(slack.url, '12');
    await expect(started({ apiUrl: `${proxy.url}/api/` }).keep(head(12))).rejects.toThrow();

    expect((await started().newest())?.size).toBe(12);
    expect(await said()).toHaveLength(1);
  });

  test('is not taken for that of another log that shares it', async () => {
    await started({ origin: 'staging' }).keep(head(40));

    expect(await started().newest()).toBeNull();
  });

  test('is not believed about what somebody else has posted', async () => {
    await slack.client.say('U0JONAS001', AUDIT_CHANNEL, 'The log has 99 records in 9 commits');

    expect(await started().newest()).toBeNull();
  });
});
