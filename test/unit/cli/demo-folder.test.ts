import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { shellFile } from '../../../src/cli/demo/environment.ts';
import { DEPLOYMENT, keysInUse, signingKeys } from '../../../src/cli/demo/folder.ts';
import { generateKey, pemSigner, type Role } from '../../../src/log/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bg-keys-'));
});
afterEach(() => rm(folder, { recursive: true }));

const inKeys = (name: string): string => join(folder, 'keys', name);
const vkeyIn = async (path: string): Promise<string> =>
  pemSigner('bot', DEPLOYMENT, await readFile(path, 'utf8')).vkey;

/** The verifier key of a new key in the folder. */
async function another(name: string): Promise<string> {
  await writeFile(inKeys(name), generateKey());
  return vkeyIn(inKeys(name));
}

describe('the keys of a demo', () => {
  test('are made at the first start, and stay', async () => {
    const first = await signingKeys(folder);
    const again = await signingKeys(folder);

    expect(again).toEqual(first);
    expect(await vkeyIn(first.paths.bot)).toBe(first.vkeys.bot);
    expect(await vkeyIn(first.paths.worker)).toBe(first.vkeys.worker);
    expect(first.vkeys.bot).not.toBe(first.vkeys.worker);
  });

  test('are trusted as they were first, whatever the private key is by now', async () => {
    const { vkeys, paths } = await signingKeys(folder);
    await writeFile(paths.worker, generateKey());

    expect(await signingKeys(folder)).toEqual({ vkeys, paths });
  });

  test('are not made anew where the first private key was destroyed', async () => {
    const { vkeys, paths } = await signingKeys(folder);
    await rm(paths.worker);

    expect((await signingKeys(folder)).vkeys).toEqual(vkeys);
    await expect(readFile(paths.worker)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('the key that a role signs with', () => {
  const never = (): Promise<never> => Promise.reject(new Error('the log was asked'));

  test('is the first, and the log is not asked, where there is no other', async () => {
    const keys = await signingKeys(folder);

    expect(await keysInUse(folder, keys, never)).toEqual(keys);
  });

  test('is what its file holds, where the new key was put in its place', async () => {
    const keys = await signingKeys(folder);
    await another('new.pem');
    await rename(inKeys('new.pem'), keys.paths.worker);

    expect(await keysInUse(folder, keys, never)).toEqual(keys);
  });

  test('is the one that the log names, in whatever file, also when the first one is gone', async () => {
    const keys = await signingKeys(folder);
    await another('worker-3.pem');
    const worker = await another('worker-2.pem');
    await rm(keys.paths.worker);

    const used = await keysInUse(folder, keys, () => Promise.resolve({ ...keys.vkeys, worker }));

    expect(used).toEqual({
      paths: { bot: keys.paths.bot, worker: inKeys('worker-2.pem') },
      vkeys: keys.vkeys,
    });
  });

  test.each<[string, Record<Role, string> | undefined]>([
    ['there is no log yet', undefined],
    ['the log names one that is not here', { bot: 'elsewhere', worker: 'elsewhere' }],
  ])('is the first where %s', async (_, newest) => {
    const keys = await signingKeys(folder);
    await another('next.pem');

    expect(await keysInUse(folder, keys, () => Promise.resolve(newest))).toEqual(keys);
  });

  test('is never in a file that holds something else', async () => {
    const keys = await signingKeys(folder);
    await writeFile(inKeys('notes.txt'), 'remember to replace the key');

    expect(await keysInUse(folder, keys, never)).toEqual(keys);
  });
});

test('a file of variables gives a shell exactly their values', () => {
  const values = { PLAIN: 'demo', SPACED: "/tmp/it's $HOME `x` \\ here", EMPTY: '' };
  const script = `${shellFile(values)}printf '%s|' "$PLAIN" "$SPACED" "$EMPTY"`;

  const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });

  expect(stdout).toBe(`${Object.values(values).join('|')}|`);
});
