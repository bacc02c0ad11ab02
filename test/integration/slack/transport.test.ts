import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { createSlack } from '../../../src/slack/app.ts';
import { on, type View } from '../../../src/sandbox/client.ts';
import type { Verbs } from '../../../src/slack/listeners/index.ts';
import { eventually } from '../../support/eventually.ts';
import {
  APP_TOKEN,
  botIsConnected,
  INCIDENTS,
  type LocalSlack,
  SIGNING_SECRET,
  startLocalSlack,
} from '../../contract/sandbox-slack/support.ts';
import {
  apiOf,
  AUDE,
  broughtAbout,
  linesOf,
  MAYA,
  nextWhisper,
  openForm,
  type Product,
  startProduct,
  whispers,
} from './support.ts';

const NO_VERBS = {} as Verbs;

let slack: LocalSlack;
let product: Product | undefined;

beforeEach(async () => {
  slack = await startLocalSlack({ rates: 'off' });
});

afterEach(async () => {
  await product?.[Symbol.asyncDispose]();
  product = undefined;
  await slack[Symbol.asyncDispose]();
});

describe('HTTP mode', () => {
  const lastDelivery = async () => (await slack.client.deliveries()).at(-1)?.id ?? '';

  test.each([
    ['a wrong signature', { signature: 'bad' }],
    ['no signature', { signature: 'missing' }],
    ['a signature of six minutes ago', { ageSeconds: 360 }],
  ] as const)('a request with %s is refused, counted, and reaches no listener', async (_, forge) => {
    product = await startProduct(slack, 'http');
    await openForm(slack);
    const whole = (await slack.client.deliveries()).length;

    const answer = await slack.client.redeliver(await lastDelivery(), forge);

    expect(answer.status).toBe(401);
    expect(product.refused.count).toBe(1);
    expect((await slack.client.deliveries()).length).toBe(whole);
  });

  test('a request that is signed is not counted', async () => {
    product = await startProduct(slack, 'http');

    await openForm(slack);

    expect(product.refused.count).toBe(0);
  });

  test('a body over the limit is refused before it is read', async () => {
    product = await startProduct(slack, 'http');

    const answer = await fetch(`http://127.0.0.1:${product.slack.port()}/slack/events`, {
      method: 'POST',
      body: 'x'.repeat(1_100_000),
    });

    expect(answer.status).toBe(413);
  });

  test('any other path is not found', async () => {
    product = await startProduct(slack, 'http');

    const answer = await fetch(`http://127.0.0.1:${product.slack.port()}/`, { method: 'POST' });

    expect(answer.status).toBe(404);
  });

  test('a port that is taken is an error at start', async () => {
    product = await startProduct(slack, 'http');
    const { logger } = linesOf();
    const second = createSlack({
      ...apiOf(slack),
      inbound: {
        mode: 'http',
        signingSecret: SIGNING_SECRET,
        host: '127.0.0.1',
        port: product.slack.port() ?? 0,
        onRefusedSignature: () => undefined,
      },
      verbs: NO_VERBS,
      logger,
    });

    await expect(second.start()).rejects.toThrow('EADDRINUSE');
  });
});

describe('Socket Mode', () => {
  const isGone = on('slack.bot', ({ connected }) => !connected);

  test.each([
    ['asked by Slack to connect anew', { reason: 'refresh_requested' }],
    ['cut off', { abrupt: true }],
  ])('%s, it is back within two seconds', async (_, how) => {
    product = await startProduct(slack, 'socket');

    await broughtAbout(slack, isGone, () => slack.client.disconnect(how));
    await slack.client.until(botIsConnected(true), 2_000);

    expect((await openForm(slack)).callback_id).toBe('ask');
  });

  test('it outlives an outage of Slack', async () => {
    product = await startProduct(slack, 'socket');
    await broughtAbout(slack, isGone, () => slack.client.faults({ 'slack.down': true }));
    await waitFor(() => product?.lines.some(({ text }) => text === 'no connection to slack') === true);

    await slack.client.faults({ 'slack.down': null });
    await slack.client.until(botIsConnected(true), 10_000);

    expect(product.slack.isConnected()).toBe(true);
  });

  test('an app token that Slack does not accept is told at start', async () => {
    const { logger } = linesOf();
    const wrong = createSlack({
      ...apiOf(slack),
      inbound: { mode: 'socket', appToken: `${APP_TOKEN}-wrong` },
      verbs: NO_VERBS,
      logger,
    });

    await expect(wrong.start()).rejects.toMatchObject({
      code: 'token-refused',
      message: 'Slack does not accept SLACK_APP_TOKEN',
    });
  });
});

describe('starting and stopping', () => {
  const http = (token = apiOf(slack).token) => {
    const { logger, lines } = linesOf();
    const running = createSlack({
      ...apiOf(slack),
      token,
      inbound: {
        mode: 'http',
        signingSecret: SIGNING_SECRET,
        host: '127.0.0.1',
        port: 0,
        onRefusedSignature: () => undefined,
      },
      verbs: NO_VERBS,
      logger,
    });
    return { running, lines };
  };

  test('a bot token that Slack does not accept is told at start, without the token', async () => {
    const { running } = http('xoxb-wrong-token');

    const error: unknown = await running.start().catch((caught: unknown) => caught);

    expect(error).toMatchObject({ code: 'token-refused', message: 'Slack does not accept SLACK_BOT_TOKEN' });
    expect(String(error)).not.toContain('xoxb-wrong');
  });

  test('while Slack is away it keeps trying, and starts when Slack is back', async () => {
    await slack.client.faults({ 'slack.down': true });
    const { running, lines } = http();
    const started = running.start();
    await waitFor(() => lines.some(({ text }) => text === 'slack cannot be reached'));

    await slack.client.faults({ 'slack.down': null });
    await started;

    expect(running.isConnected()).toBe(true);
    await running.stop();
    expect(running.isConnected()).toBe(false);
  });

  test('stopped while Slack is away, it ends', async () => {
    await slack.client.faults({ 'slack.down': true });
    const { running, lines } = http();
    const started = running.start();
    await waitFor(() => lines.some(({ text }) => text === 'slack cannot be reached'));

    await running.stop();

    await expect(started).rejects.toMatchObject({ code: 'stopped' });
    await slack.client.faults({ 'slack.down': null });
  });

  test.each(['http', 'socket'] as const)('a stop over %s lets what is under way end', async (transport) => {
    const steps: string[] = [];
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    product = await startProduct(slack, transport, (verbs) => ({
      workflowsFor: async (person) => {
        steps.push('asked');
        await released;
        return verbs.workflowsFor(person);
      },
    }));
    await slack.client.command(AUDE, INCIDENTS, '/breakglass');
    await waitFor(() => steps.length > 0);

    const stopped = product.slack.stop();
    release();
    await stopped;

    expect((await whispers(slack, AUDE)).at(-1)).toContain('not among the people who may ask');
  });
});

describe('when somebody has to wait', () => {
  const GOOD_FORM = {
    source: { source: '203.0.113.7' },
    duration: { duration: '15m' },
    reason: { reason: 'Settlement queue is stuck, need the console' },
    incident: { incident: 'https://example.pagerduty.com/incidents/PINC0042' },
  };

  /** A verb that waits until it is let go. */
  function held() {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    return { gate, release };
  }
  const shows = (words: string) =>
    on('slack.view', ({ view }) => JSON.stringify(view.blocks).includes(words));
  /** Pressed again while Slack says that no answer came in its three seconds, as people do: one form is one question. */
  const submit = (form: View) =>
    eventually(
      'Slack takes the form',
      30_000,
      async () => (await slack.client.submit(MAYA, form.id, GOOD_FORM)).ok,
    );
  const command = () => slack.client.command(MAYA, INCIDENTS, '/breakglass');

  test('a slow directory shows a modal at once and the form in it later', async () => {
    const { gate, release } = held();
    product = await startProduct(slack, 'http', (verbs) => ({
      workflowsFor: async (person) => {
        await gate;
        return verbs.workflowsFor(person);
      },
    }));

    await broughtAbout(slack, shows('Looking up'), command);
    const opened = await broughtAbout(slack, shows('Why?'), release);

    expect(opened.data.view.callback_id).toBe('ask');
  });

  test('a slow directory that then says no says it in the modal', async () => {
    const { gate, release } = held();
    product = await startProduct(slack, 'http', () => ({
      workflowsFor: async () => {
        await gate;
        return { refusals: [{ code: 'directory-silent' }] };
      },
    }));

    await broughtAbout(slack, shows('Looking up'), command);
    const told = await broughtAbout(slack, shows('directory did not answer'), release);

    expect(told.data.view.submit).toBeNull();
  });

  test('a log that takes too long for Slack is waited for in the modal, and the outcome follows', async () => {
    const { gate, release } = held();
    product = await startProduct(slack, 'http', (verbs) => ({
      askFor: async (asking) => {
        await gate;
        return verbs.askFor(asking);
      },
      cardOf: () => Promise.resolve(undefined),
    }));
    const form = await openForm(slack);

    await broughtAbout(slack, shows('Still being recorded'), () => submit(form));
    expect(product.ids()).toEqual([]);
    const told = await nextWhisper(slack, MAYA, async () => release());

    expect(told).toContain('is recorded');
  });

  test('a late no brings the form back with everything typed and the reason above it', async () => {
    const { gate, release } = held();
    product = await startProduct(slack, 'http', () => ({
      askFor: async () => {
        await gate;
        return { ok: false, refusals: [{ code: 'log-unavailable' }] };
      },
    }));
    const form = await openForm(slack);

    await broughtAbout(slack, shows('Still being recorded'), () => submit(form));
    const back = await broughtAbout(slack, shows('log could not be written'), release);

    const { values } = back.data.view.state;
    expect(values['reason']?.['reason']?.value).toBe(GOOD_FORM.reason.reason);
    expect(values['duration']?.['duration']?.value).toBe('15m');
    expect(values['incident']?.['incident']?.value).toBe(GOOD_FORM.incident.incident);
  });

  test('a late no to somebody who closed the form reaches them all the same', async () => {
    const { gate, release } = held();
    product = await startProduct(slack, 'http', () => ({
      askFor: async () => {
        await gate;
        return { ok: false, refusals: [{ code: 'log-unavailable' }] };
      },
    }));
    const form = await openForm(slack);
    await submit(form);
    await slack.client.closeView(MAYA, form.id);

    const told = await nextWhisper(slack, MAYA, async () => release());

    expect(told).toContain('log could not be written');
  });

  test('a choice of another workflow keeps what was typed and shows its own limits', async () => {
    product = await startProduct(slack, 'http', (verbs) => {
      const ledger = { ...verbs.workflow('payments-console')!, name: 'ledger', title: 'Ledger console' };
      const other = {
        ...ledger,
        duration: { defaultSeconds: 300, maxSeconds: 600, extend: null },
        reason: { minLength: 40 },
      };
      return {
        workflow: (name) => (name === 'ledger' ? other : verbs.workflow(name)),
        workflowsFor: async (person) => {
          const answer = await verbs.workflowsFor(person);
          return 'workflows' in answer ? { ...answer, workflows: [...answer.workflows, other] } : answer;
        },
      };
    });
    const form = await openForm(slack);

    const redrawn = await broughtAbout(slack, shows('at most 10m'), () =>
      slack.client.click(
        { view_id: form.id },
        {
          user: MAYA,
          action_id: 'workflow',
          selected: 'ledger',
          values: { reason: { reason: 'typed already' } },
        },
      ),
    );

    const { values } = redrawn.data.view.state;
    expect(values['reason']?.['reason']?.value).toBe('typed already');
    expect(values['duration.ledger']?.['duration']?.value).toBe('5m');
    expect(values['workflow']?.['workflow']?.selected_option?.value).toBe('ledger');
  });
});

describe('an error that nobody foresaw', () => {
  test('is told with a reference that the log has, and with nothing else of it', async () => {
    product = await startProduct(slack, 'http', () => ({
      askFor: () => Promise.reject(new Error('secret of the inside')),
    }));
    const form = await openForm(slack);

    const answer = await slack.client.submit(MAYA, form.id, {
      source: { source: '203.0.113.7' },
      reason: { reason: 'x' },
      incident: { incident: 'x' },
    });

    const [, reference] = /Reference (\w+)\./.exec(answer.errors?.['workflow'] ?? '') ?? [];
    expect(answer.errors?.['workflow']).not.toContain('secret');
    expect(product.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ correlation: reference }),
      }),
    );
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  const giveUp = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > giveUp) throw new Error('nothing that was waited for happened');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
