import { cp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { environmentOf } from '../../../src/cli/demo/environment.ts';
import { Product } from '../../support/product.ts';
import { ask, press, settled, type Asked } from '../../support/product/acts.ts';
import { breakglass, type Output } from '../../support/product/command-line.ts';
import { download } from '../../support/product/download.ts';

let product: Product;
let denied: Asked;
let folder: string;
let keys: string[];

beforeAll(async () => {
  product = await Product.start();
  denied = await ask(product);
  await press(product, 'priya', denied, 'Deny');
  await settled(product, denied);
  // Nobody writes any more: the bucket and the copies stay as they are.
  await Promise.all(product.roles.map((role) => role.stop()));
  folder = join(product.folder, 'downloaded');
  keys = await download(product, folder);
}, 120_000);

afterAll(() => product[Symbol.asyncDispose]());

const onBucket = (...args: string[]): Promise<Output> => breakglass(['log', ...args], product.auditor);
const onFolder = (path: string, ...args: string[]): Promise<Output> =>
  breakglass(['log', ...args, '--folder', path], {});

describe('log verify', () => {
  test('holds for the bucket and for a downloaded copy, which say the same', async () => {
    const { bot, worker } = product.surroundings.keys.vkeys;

    const [inBucket, inFolder] = await Promise.all([
      onBucket('verify', '--json', '--bot-key', bot, '--worker-key', worker),
      onFolder(folder, 'verify', '--json', '--bot-key', bot, '--worker-key', worker),
    ]);

    expect([inBucket.code, inFolder.code]).toEqual([0, 0]);
    const reports = [inBucket, inFolder].map(({ out }) => JSON.parse(out) as { where: string });
    expect(reports[0]).toMatchObject({
      valid: true,
      trust: 'given-keys',
      commits: keys.length,
      origin: 'demo',
    });
    expect(reports[0]).toMatchObject({ retention: { holds: true, versions: keys.length } });
    expect(reports[1]).toMatchObject({ retention: null });
    expect({ ...reports[0], where: '', retention: null }).toEqual({ ...reports[1], where: '' });
  });

  test('does not take a log at its word when other keys are given', async () => {
    const { bot, worker } = product.surroundings.keys.vkeys;

    const args = ['verify', '--json', '--bot-key', worker, '--worker-key', bot];
    const { code, out } = await onFolder(folder, ...args);

    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ valid: false, firstBreak: { commit: 1, code: 'unknown-key' } });
  });

  test.each<[string, (copy: string, at: (position: number) => string) => Promise<unknown>, object]>([
    [
      'one byte of a record is another',
      async (_, at) => {
        const bytes = await readFile(at(2));
        bytes[40] = (bytes[40] ?? 0) ^ 1;
        await writeFile(at(2), bytes);
      },
      { commit: 2 },
    ],
    [
      'one letter of what somebody wrote is another',
      async (_, at) => {
        const text = await readFile(at(2), 'utf8');
        await writeFile(at(2), text.replace('Settlement', 'Settlements'));
      },
      { commit: 2, code: 'root-mismatch' },
    ],
    [
      'one byte of a signature is another',
      async (_, at) => {
        const text = await readFile(at(3), 'utf8');
        await writeFile(
          at(3),
          text.replace(/.(..)\n$/, (end) => (end.startsWith('A') ? 'B' : 'A') + end.slice(1)),
        );
      },
      { commit: 3 },
    ],
    ['a commit is missing', (_, at) => rm(at(2)), { commit: 2, code: 'gap' }],
    ['the first commit is missing', (_, at) => rm(at(1)), { commit: 1, code: 'gap' }],
    ['a commit is cut short', (_, at) => truncate(at(3), 100), { commit: 3, code: 'malformed' }],
    ['a commit is empty', (_, at) => truncate(at(3), 0), { commit: 3, code: 'malformed' }],
    [
      'two commits have changed places',
      async (copy, at) => {
        await rename(at(2), join(copy, 'aside'));
        await rename(at(3), at(2));
        await rename(join(copy, 'aside'), at(3));
      },
      { commit: 2 },
    ],
    [
      'a commit is there twice',
      (_, at) => cp(at(keys.length), at(keys.length + 1)),
      { commit: expect.any(Number), code: 'root-mismatch' },
    ],
  ])('finds it when %s', async (name, tamper, firstBreak) => {
    const copy = join(product.folder, `tampered ${name}`);
    await cp(folder, copy, { recursive: true });
    await tamper(copy, (position) => join(copy, 'log', String(position).padStart(16, '0')));

    const { code, out } = await onFolder(copy, 'verify', '--json');

    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ valid: false, firstBreak });
  });

  test('finds a log that ends too early, given a checkpoint that somebody kept', async () => {
    const copy = join(product.folder, 'cut');
    await cp(folder, copy, { recursive: true });
    const last = join(copy, keys.at(-1) ?? '');
    const kept = join(product.folder, 'checkpoint');
    await writeFile(kept, (await readFile(last, 'utf8')).split('\n\n').slice(1).join('\n\n'));
    const whole = await onFolder(copy, 'verify', '--checkpoint', kept);
    await rm(last);

    const cut = await onFolder(copy, 'verify', '--json', '--checkpoint', kept);

    expect(whole.code).toBe(0);
    expect(cut.code).toBe(1);
    expect(JSON.parse(cut.out)).toMatchObject({ valid: false, firstBreak: { code: 'head-moved-back' } });
  });

  test('says 2 for a wrong command line or setting, and 3 when it cannot look', async () => {
    const [option, key, setting, nowhere, wrongOrigin] = await Promise.all([
      onFolder(folder, 'verify', '--thorough'),
      onFolder(folder, 'verify', '--bot-key', 'not-a-key', '--worker-key', 'not-a-key'),
      breakglass(['log', 'verify'], {}),
      onFolder(join(product.folder, 'not-there'), 'verify'),
      breakglass(['log', 'verify'], { ...product.auditor, BREAKGLASS_DEPLOYMENT: 'other' }),
    ]);

    expect([option.code, key.code, setting.code, nowhere.code]).toEqual([2, 2, 2, 3]);
    expect(setting.err).toContain('BREAKGLASS_LOG_BUCKET');
    expect(setting.err).toContain('AWS_REGION');
    expect(wrongOrigin.code).toBe(1);
    expect(wrongOrigin.out).toContain('other-deployment');
  });

  test('says 3 while the bucket is away', async () => {
    await product.client.faults({ 's3.down': true });

    const { code, err } = await onBucket('verify');

    await product.client.faults({ 's3.down': null });
    expect(code).toBe(3);
    expect(err).toContain('could not be read');
  });
});

describe('log show', () => {
  test('tells the story of one request, the same from the bucket and from a copy', async () => {
    const [inBucket, inFolder] = await Promise.all([
      onBucket('show', denied.id),
      onFolder(folder, 'show', denied.id),
    ]);

    expect([inBucket.code, inFolder.code]).toEqual([0, 0]);
    expect(inBucket.out).toBe(inFolder.out);
    for (const word of ['Maya Okafor', 'Priya Raman', '203.0.113.7']) expect(inBucket.out).toContain(word);
  });

  test('gives a program every record', async () => {
    const { code, out } = await onFolder(folder, 'show', denied.id, '--json');

    const { records, break: broken } = JSON.parse(out) as {
      records: { record: { type: string } }[];
      break: unknown;
    };
    expect(code).toBe(0);
    expect(broken).toBeNull();
    const beside = ['messages.posted', 'thread.kept', 'summary.written'];
    expect(records.map(({ record }) => record.type).filter((type) => !beside.includes(type))).toEqual([
      'request.asked',
      'request.denied',
      'request.sealed',
    ]);
  });

  test('lists the requests', async () => {
    const { code, out } = await onBucket('show');

    expect(code).toBe(0);
    expect(out).toContain(denied.id);
    expect(out).toMatch(/denied\n1 of 1 requests/);
  });

  test('says 1 for a request that is not there', async () => {
    expect((await onFolder(folder, 'show', 'bg-0000000000')).code).toBe(1);
  });
});

test.each(['bot', 'worker'] as const)(
  'the doctor finds the bucket of the %s as it should be',
  async (role) => {
    const { code, out } = await breakglass(['doctor'], environmentOf(role, product.settings));

    expect([code, out]).toEqual([0, expect.stringMatching(/ok +may not: remove a version +refused by/)]);
  },
);

describe('the copy that the page tampers with', () => {
  const reports = new Map<string, Report>();

  // Each in a copy and with a verifier of its own.
  beforeAll(async () => {
    const tamperings = await product.client.tamperings();
    await Promise.all(
      tamperings.map(async ({ name }) =>
        reports.set(name, (await product.client.tamper(name)).report as Report),
      ),
    );
  }, 120_000);

  test.each<[string, RegExp]>([
    ['flip', /does not cover exactly the records/],
    ['drop', /commit \d+ is missing/],
    ['swap', /does not cover exactly the records/],
    ['cut-end', /the log ends at \d+ records, \d+ were seen before/],
    ['replay', /does not cover exactly the records/],
    ['stray', /log\/readme.txt is not a commit/],
    ['hide-newest', /is hidden by a delete marker/],
    ['hide-middle', /is hidden by a delete marker/],
    ['rewrite', /has more than one version/],
    ['shorten', /is locked until .*, it was to be until/],
    ['weaken', /is locked in GOVERNANCE mode/],
  ])('is found to be altered by %s', (name, message) => {
    const { valid, firstBreak, retention } = reports.get(name) as Report;

    const said = [firstBreak, ...(retention?.doubts ?? [])].map((each) => each?.text ?? '');
    expect(valid).toBe(false);
    expect(said.some((text) => message.test(text))).toBe(true);
  });

  test('is altered in every way that the page offers', async () => {
    const names = (await product.client.tamperings()).map(({ name }) => name);

    expect(names).toEqual([
      'flip',
      'drop',
      'swap',
      'cut-end',
      'replay',
      'stray',
      'hide-newest',
      'hide-middle',
      'rewrite',
      'shorten',
      'weaken',
    ]);
  });

  test('is gone afterwards, and the log itself was not touched', async () => {
    await product.client.tamper('drop');

    const { aws } = await product.client.state();
    expect(await product.client.verify()).toMatchObject({ valid: true, commits: keys.length });
    expect(JSON.stringify(aws)).not.toContain('-copy-');
  });

  test('is not made for a way that there is not', async () => {
    await expect(product.client.tamper('magic')).rejects.toThrow('nobody can tamper with the log by magic');
  });
});

type Report = {
  valid: boolean;
  firstBreak?: { text: string };
  retention: { doubts: { text: string }[] } | null;
};
