import { expect, test } from '@jest/globals';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/index.ts';
import { Product } from '../../support/product.ts';
import { ask, from, openWindow } from '../../support/product/acts.ts';
import { breakglass, type Output } from '../../support/product/command-line.ts';

type Report = {
  rules: { ruleId: string; verdict: string; requests: { request: string; requester: string }[] }[];
  pending: { request: string; state: string }[];
  log: { read: boolean; problem: string | null };
};
const reportOf = ({ out }: Output): Report => JSON.parse(out) as Report;

test('names whose each rule is and what else is under way from the log; what is closed by hand ends as closed by somebody else', async () => {
  await using product = await Product.start();
  const window = await openWindow(product, { ...from('requester'), 'For how long': '30m' });
  const pending = await ask(product, from('stranger'));
  const as = (who: 'auditor' | 'admin', ...args: string[]) => {
    const { accessKeyId, secretAccessKey } = SANDBOX_CREDENTIALS[who];
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    return breakglass(args, { ...product.auditor, ...keys });
  };

  const [told, forPrograms] = await Promise.all([as('auditor', 'status'), as('auditor', 'status', '--json')]);
  const closed = await as('admin', 'close', window.id);
  const closing = await product.log.until('close.intended', window.id, 90_000);

  expect([told.code, forPrograms.code, closed.code]).toEqual([0, 0, 0]);
  expect(told.out).toMatch(new RegExp(`${window.id} Maya Okafor, payments-console`));
  expect(told.out).toMatch(new RegExp(`${pending.id} +pending +payments-console +Maya Okafor`));
  expect(reportOf(forPrograms)).toMatchObject({
    rules: [{ verdict: 'ok', requests: [{ request: window.id, requester: 'Maya Okafor' }] }],
    pending: [{ request: pending.id, state: 'pending' }],
    log: { read: true, problem: null },
  });
  expect(closed.out).toContain('1 of 1 closed');
  expect((await product.probe('requester')).open).toBe(false);
  expect(closing.trigger).toBe('gone');
}, 180_000);
