import { describe, expect, test } from '@jest/globals';

import type { Refusal, RefusalCode } from '../../../src/domain/refusals.ts';
import type { Workflow } from '../../../src/domain/workflow.ts';
import { checkModal } from '../../../src/sandbox/slack/limits/views.ts';
import { refusalLines, refusalText, unexpectedText } from '../../../src/slack/refusal-texts.ts';
import { fieldErrors } from '../../../src/slack/views/fields.ts';
import { form, type FormView } from '../../../src/slack/views/form.ts';
import { formOf, NOTHING } from '../../../src/slack/views/form-values.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { foreignMarkup } from './hostile.ts';

const draw = (change: Partial<FormView> = {}) => {
  const chosen = change.chosen ?? aWorkflow();
  return form({ workflows: [chosen], chosen, channel: 'C0INCIDENT', values: NOTHING, before: [], ...change });
};
const many = (count: number): Workflow[] =>
  Array.from({ length: count }, (_, number) =>
    aWorkflow({ name: `workflow-${number}`, title: `Console ${'x'.repeat(100)} ${number}` }),
  );
const idsOf = (view: ReturnType<typeof draw>) => view.blocks.map(({ block_id: id }) => id);

describe('the form', () => {
  test.each([1, 100, 101, 250])('fits Slack’s limits with %d workflows', (count) => {
    const workflows = many(count);

    const view = draw({ workflows, chosen: workflows.at(-1)! });

    expect(() => checkModal(view)).not.toThrow();
    expect(JSON.stringify(view).match(/"value":"workflow-\d+"/g)).toHaveLength(count + 1);
  });

  test('fits Slack’s limits with long names and everything typed', () => {
    const long = 'x'.repeat(3_000);
    const allow = Array.from({ length: 120 }, (_, n) => ({
      name: `${n} ${'y'.repeat(60)}`,
      cidr: '2001:db8::1/128',
    }));
    const chosen = aWorkflow({ title: long, sources: { typed: true, allow } });

    const view = draw({
      chosen,
      values: { ...NOTHING, source: long, duration: long, reason: long, incident: long },
    });

    expect(() => checkModal(view)).not.toThrow();
  });

  test('carries where it was asked and for which workflow, and nothing else', () => {
    expect(JSON.parse(draw().private_metadata ?? '')).toEqual({
      channel: 'C0INCIDENT',
      workflow: 'payments-console',
    });
  });

  test.each([
    [
      'typed addresses and a list',
      { typed: true, allow: [{ name: 'VPN', cidr: '10.20.0.7/32' }] },
      ['source', 'listed'],
    ],
    ['typed addresses only', { typed: true, allow: [] }, ['source']],
    ['a list only', { typed: false, allow: [{ name: 'VPN', cidr: '10.20.0.7/32' }] }, ['listed']],
  ])('of a workflow with %s asks for %j', (_, sources, expected) => {
    const ids = idsOf(draw({ chosen: aWorkflow({ sources }) }));

    expect(ids).toEqual(['workflow', ...expected, 'duration', 'reason', 'incident']);
  });

  test('drawn for another workflow keeps the ids of what was typed and renews the ids of what comes from the workflow', () => {
    const before = draw().blocks;
    const ledger = aWorkflow({ name: 'ledger' });

    const untouched = draw({ chosen: ledger, before, values: { ...NOTHING, reason: 'typed' } });
    const typed = draw({ chosen: ledger, before, values: { ...NOTHING, duration: '7m' } });

    expect(idsOf(untouched)).toEqual([
      'workflow',
      'source',
      'listed.ledger',
      'duration.ledger',
      'reason',
      'incident',
    ]);
    expect(idsOf(typed)).toContain('duration');
    expect(JSON.stringify(typed.blocks)).toContain('"initial_value":"7m"');
  });

  test('says what this workflow takes: its addresses, its time, and the states of an incident', () => {
    const chosen = aWorkflow({
      sources: { typed: false, allow: [{ name: 'VPN', cidr: '10.20.0.7/32' }] },
      duration: { defaultSeconds: 900, maxSeconds: 1800, extend: null },
      incident: { provider: 'pagerduty', states: ['triggered', 'acknowledged'], maxAgeSeconds: 3600 },
    });

    const shown = JSON.stringify(draw({ chosen }).blocks);

    expect(shown).toContain('Address from the workflow’s list');
    expect(shown).toContain('Like 90s or 15m; at most 30m, counted from the opening.');
    expect(shown).toContain('It has to be triggered or acknowledged: looked up now and at each approval.');
  });

  test('a chosen address is asked for by its name', () => {
    expect(formOf({ ...NOTHING, listed: 'VPN' }).source).toEqual({ listed: 'VPN' });
    expect(formOf({ ...NOTHING, source: '203.0.113.7' }).source).toEqual({ typed: '203.0.113.7' });
  });
});

const CODES: readonly RefusalCode[] = [
  'unknown-person',
  'deactivated',
  'bot',
  'guest',
  'outside-organisation',
  'not-a-requester',
  'own-request',
  'not-an-approver',
  'already-approved-by-you',
  'not-yours-to-end',
  'unknown-workflow',
  'reason-empty',
  'reason-short',
  'reason-long',
  'link-not-url',
  'link-other-provider',
  'incident-unknown',
  'incident-closed',
  'incident-old',
  'address-invalid',
  'address-host-bits',
  'address-too-wide',
  'address-loopback',
  'address-multicast',
  'address-private',
  'address-unusable',
  'address-not-listed',
  'duration-invalid',
  'duration-short',
  'duration-long',
  'no-such-request',
  'already-decided',
  'lapsed',
  'withdrawn',
  'card-outdated',
  'nothing-to-end',
  'workflow-changed',
  'approvals-insufficient',
  'approval-stale',
  'clock-skewed',
  'directory-silent',
  'incident-system-silent',
  'log-unavailable',
  'log-not-trusted',
];

const VALUES = { min: '15', max: '2h', length: '3', states: 'triggered, acknowledged' };

describe.each(CODES)('the refusal %s', (code) => {
  const refusal: Refusal = { code, values: VALUES };

  test('is whole sentences with its values', () => {
    expect(refusalText(refusal)).toMatch(/^[A-Z].*[.]$/);
    expect(refusalText(refusal)).not.toContain('undefined');
  });

  test.each([
    [
      'a form with a typed address',
      [
        { block_id: 'workflow' },
        { block_id: 'source' },
        { block_id: 'duration' },
        { block_id: 'reason' },
        { block_id: 'incident' },
      ],
    ],
    [
      'a form with a list only',
      [
        { block_id: 'workflow' },
        { block_id: 'listed.w' },
        { block_id: 'duration.w' },
        { block_id: 'reason' },
        { block_id: 'incident' },
      ],
    ],
  ])('stands under a field that is there in %s', (_, blocks) => {
    const [block] = Object.keys(fieldErrors(blocks, [refusal]));

    expect(blocks.map(({ block_id: id }) => id)).toContain(block);
  });
});

describe('refusals', () => {
  test('about one field stand under it together', () => {
    const errors = fieldErrors([{ block_id: 'workflow' }], [{ code: 'guest' }, { code: 'log-unavailable' }]);

    expect(errors['workflow']).toMatch(/^Guests cannot.*The log could not be written/);
  });

  test('in a message are one line each, and their values are text', () => {
    const lines = refusalLines([
      { code: 'incident-closed', values: { states: '<!channel> *x*' } },
      { code: 'incident-old', values: { max: '24h' } },
    ]);

    expect(lines.split('\n')).toHaveLength(2);
    expect(foreignMarkup(lines)).toEqual([]);
    expect(lines).not.toContain('*');
  });

  test('of an unforeseen error tell nothing but where to find it', () => {
    expect(unexpectedText('ABCD1234')).toMatch(/Reference ABCD1234\.$/);
  });
});
