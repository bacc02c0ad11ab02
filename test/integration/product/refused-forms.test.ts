import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RefusalCode } from '../../../src/domain/refusals.ts';
import { workflowFile } from '../../support/builders/workflow-file.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import { CHANNEL, idOf } from '../../support/product/acts.ts';
import { openForm, type Answers, type OpenForm } from '../../support/product/open-form.ts';

const CLUB = workflowFile({
  name: 'closed-club',
  title: 'Somebody else’s console',
  requesters: { users: ['U0AUDE0001'] },
});

const link = (id: string): string => `https://example.pagerduty.com/incidents/${id}`;

let product: Product;

beforeAll(async () => {
  product = await Product.start({ workflows: { 'closed-club.yaml': CLUB } });
}, 120_000);

afterAll(() => product[Symbol.asyncDispose]());

/** The codes of every refusal of a person's asking that is in the log. */
async function refusedOf(user: string): Promise<RefusalCode[][]> {
  return (await product.log.all('action.refused'))
    .filter(({ person }) => person.identity.user === user)
    .map(({ codes }) => [...codes]);
}

describe('a form that cannot be granted', () => {
  let maya: OpenForm;

  beforeAll(async () => {
    maya = await openForm(product, idOf('maya'));
  });

  test.each<[string, Answers, string, string, RefusalCode]>([
    ['a reason of spaces', { reason: '    ' }, 'reason', 'Write why this is needed.', 'reason-empty'],
    [
      'a short reason',
      { reason: 'because' },
      'reason',
      'Write at least 15 characters; this has 7.',
      'reason-short',
    ],
    [
      'a reason over 3,000 characters',
      { reason: 'x'.repeat(3_001) },
      'reason',
      'Write at most 3000',
      'reason-long',
    ],
    ['a link that is none', { incident: 'PINC0042' }, 'incident', 'This is not a link.', 'link-not-url'],
    [
      'a link to another system',
      { incident: 'https://example.com/incidents/PINC0042' },
      'incident',
      'not a link to this workflow’s incident system',
      'link-other-provider',
    ],
    [
      'a closed incident',
      { incident: link('PINC0040') },
      'incident',
      'is not open any more',
      'incident-closed',
    ],
    ['an old incident', { incident: link('PINC0017') }, 'incident', 'is older than 24h', 'incident-old'],
    ['an unknown incident', { incident: link('PNOTHING') }, 'incident', 'does not know', 'incident-unknown'],
    ['no address', { source: 'my laptop' }, 'source', 'Write one IPv4 or IPv6 address', 'address-invalid'],
    [
      'an IPv4 address in disguise',
      { source: '0xcb007107' },
      'source',
      'Write one IPv4 or IPv6 address',
      'address-invalid',
    ],
    [
      'host bits',
      { source: '203.0.113.7/24' },
      'source',
      'a network and a host at once',
      'address-host-bits',
    ],
    ['a network', { source: '203.0.113.0/24' }, 'source', 'more than one address', 'address-too-wide'],
    [
      'a wide IPv6 network',
      { source: '2001:db8::/64' },
      'source',
      'more than one address',
      'address-too-wide',
    ],
    ['loopback', { source: '127.0.0.1' }, 'source', 'a loopback address', 'address-loopback'],
    ['multicast', { source: '224.0.0.1' }, 'source', 'a multicast address', 'address-multicast'],
    [
      'a private address nobody listed',
      { source: '10.20.0.8' },
      'source',
      'a private address',
      'address-private',
    ],
    ['no time at all', { duration: '0s' }, 'duration', 'a number and a unit', 'duration-invalid'],
    ['a negative time', { duration: '-5m' }, 'duration', 'a number and a unit', 'duration-invalid'],
    ['not a time', { duration: 'a while' }, 'duration', 'a number and a unit', 'duration-invalid'],
    ['under ten seconds', { duration: '9s' }, 'duration', 'Ask for at least 10s.', 'duration-short'],
    ['over the workflow’s limit', { duration: '3h' }, 'duration', 'Ask for at most 2h.', 'duration-long'],
    [
      'a workflow for others',
      { workflow: 'closed-club' },
      'workflow',
      'not among the people',
      'not-a-requester',
    ],
    [
      'a workflow that is none',
      { workflow: '../secrets' },
      'workflow',
      'no such workflow',
      'unknown-workflow',
    ],
  ])('%s: said under its field, and recorded', async (_, answers, field, text, code) => {
    const { ok, errors } = await maya.submit(answers, { forged: true });

    expect(ok).toBe(false);
    expect(errors).toEqual({ [field]: expect.stringContaining(text) });
    expect(await refusedOf(idOf('maya'))).toContainEqual([code]);
  });

  test('everything that is wrong is said at once', async () => {
    const { errors } = await maya.submit({
      source: '0.0.0.0/0',
      duration: '1s',
      reason: 'no',
      incident: link('PINC0040'),
    });

    expect(Object.keys(errors ?? {}).toSorted()).toEqual(['duration', 'incident', 'reason', 'source']);
    expect(await refusedOf(idOf('maya'))).toContainEqual(
      expect.arrayContaining(['address-too-wide', 'duration-short', 'reason-short', 'incident-closed']),
    );
  });

  test('nothing was asked by any of them', async () => {
    expect(await product.log.all('request.asked')).toEqual([]);
  });
});

describe('somebody who may not ask at all', () => {
  test.each<['gil' | 'olek' | 'deploybot' | 'sam' | 'aude', string, string, RefusalCode]>([
    ['gil', 'a guest', 'Guests cannot ask or decide.', 'guest'],
    ['olek', 'somebody deactivated', 'This account is deactivated', 'deactivated'],
    ['deploybot', 'a bot', 'Bots cannot ask or decide.', 'bot'],
    ['sam', 'somebody of another organisation', 'Only people of this organisation', 'outside-organisation'],
  ])('%s, %s, is told why instead of getting a form, and it is recorded', async (handle, _, text, code) => {
    await product.client.command(idOf(handle), CHANNEL, '/breakglass', { force: true });

    const answer = await eventually('an answer that only they see', 20_000, async () =>
      (await product.client.history(CHANNEL, idOf(handle))).find(({ is_ephemeral }) => is_ephemeral),
    );
    expect(answer.text).toContain(text);
    expect(await refusedOf(idOf(handle))).toEqual([[code]]);
    expect((await product.client.state()).slack.views).not.toHaveProperty(idOf(handle));
  });

  test('a person in no workflow’s group is told so', async () => {
    // The approver is in no group that may ask.
    await product.client.command(idOf('priya'), CHANNEL, '/breakglass');

    const answer = await eventually('an answer that only they see', 20_000, async () =>
      (await product.client.history(CHANNEL, idOf('priya'))).find(({ is_ephemeral }) => is_ephemeral),
    );
    expect(answer.text).toContain('You are not among the people who may ask for this.');
    expect(await refusedOf(idOf('priya'))).toEqual([['not-a-requester']]);
  });
});

test('the same refusal again and again is one record, and one answer each time', async () => {
  const jonas = await openForm(product, idOf('jonas'));

  const answers = [];
  for (let time = 0; time < 5; time += 1) answers.push(await jonas.submit({ source: '203.0.113.0/24' }));

  expect(answers.map(({ errors }) => Object.keys(errors ?? {}))).toEqual(
    [1, 2, 3, 4, 5].map(() => ['source']),
  );
  expect(await refusedOf(idOf('jonas'))).toEqual([['address-too-wide']]);
});
