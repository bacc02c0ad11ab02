import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Product } from '../../support/product.ts';
import {
  approve,
  ask,
  from,
  lateness,
  ledgerForm,
  opened,
  posted,
  rulesOf,
  settled,
  switchesOf,
  type Asked,
} from '../../support/product/acts.ts';

const VANTAGES = ['requester', 'stranger', 'approver', 'office-vpn'];

describe('two workers at once', () => {
  let product: Product;
  let windows: Asked[];
  let ledger: Asked;
  let lateMs: number[];

  beforeAll(async () => {
    product = await Product.start({ workers: 2 });
    ledger = await ask(product, ledgerForm());
    windows = [];
    for (const vantage of VANTAGES) windows.push(await ask(product, from(vantage)));
    await Promise.all([
      ...windows.map((asked) => approve(product, asked)),
      approve(product, ledger, 'jonas'),
      approve(product, ledger, 'priya'),
    ]);
    lateMs = await Promise.all(
      windows.map(async (asked, position) => {
        const { deadline } = await opened(product, asked);
        return lateness(product, VANTAGES[position] ?? '', deadline);
      }),
    );
    await Promise.all([...windows, ledger].map((asked) => settled(product, asked)));
  }, 180_000);

  afterAll(() => product[Symbol.asyncDispose]());

  test('open each rule with one call', async () => {
    for (const { id } of [...windows, ledger])
      expect(await product.calls('AuthorizeSecurityGroupIngress', id)).toHaveLength(1);
    expect(await product.calls('AuthorizeSecurityGroupIngress')).toHaveLength(windows.length + 1);
  });

  test('close each window on time', () => {
    expect(Math.max(...lateMs)).toBeLessThan(1_000);
  });

  test('record each step of each request once', async () => {
    const once = [
      'open.intended',
      'open.confirmed',
      'close.intended',
      'close.confirmed',
      'request.sealed',
    ] as const;
    for (const { id } of [...windows, ledger]) {
      for (const type of once) expect(await product.log.all(type, id)).toHaveLength(1);
    }
  });

  test('replace the certificate once for each window, and not where the workflow says none', async () => {
    for (const { id } of windows) {
      expect(await product.log.all('rotation.started', id)).toHaveLength(1);
      expect(await product.log.all('rotation.confirmed', id)).toHaveLength(1);
    }
    expect(await product.log.all('rotation.skipped', ledger.id)).toHaveLength(1);
    expect((await product.calls('ImportCertificate')).length).toBeLessThanOrEqual(windows.length);
  });

  test('tell each step once', async () => {
    for (const asked of windows) {
      const keys = (await posted(product, asked)).map(({ key }) => key);

      expect(keys.toSorted()).toEqual(
        ['approved:1', 'audit', 'card', 'closed', 'open', 'rotated', 'sealed'].toSorted(),
      );
    }
  });

  test('leave nothing behind', async () => {
    expect(await rulesOf(product)).toEqual([]);
    expect(await switchesOf(product)).toEqual([]);
  });
});
