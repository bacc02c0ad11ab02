import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FolderLogStore, MemoryLogStore } from '../../../src/log/index.ts';
import { commitKey } from '../../../src/log/commit.ts';
import { bytesOf, textOf } from './support.ts';

describe('a folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'log-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('holds an object in the file of its key, and nothing else', async () => {
    const store = new FolderLogStore(folder);
    await store.createIfAbsent(commitKey(1), bytesOf('one'));
    await store.createIfAbsent(commitKey(1), bytesOf('two'));

    expect(await readdir(join(folder, 'log'))).toEqual(['0000000000000001']);
  });

  test('does not take hidden files for objects, but any other file', async () => {
    await mkdir(join(folder, 'log'));
    await writeFile(join(folder, 'log', '.DS_Store'), '');
    await writeFile(join(folder, 'log', 'stray'), '');

    expect(await new FolderLogStore(folder).list(undefined)).toEqual(['log/stray']);
  });

  test('reads nothing outside itself', async () => {
    await writeFile(join(folder, 'secret'), 'secret');
    const store = new FolderLogStore(folder);

    for (const key of ['secret', 'log/../secret', '../secret', 'log/a/b', 'log/.']) {
      await expect(async () => store.read(key)).rejects.toThrow('is not a key of the log');
    }
  });

  test('passes on any other failure', async () => {
    await mkdir(join(folder, 'log', 'directory'), { recursive: true });

    await expect(new FolderLogStore(folder).read('log/directory')).rejects.toThrow('EISDIR');
  });
});

describe('a store in memory', () => {
  test('is down before a call, or loses the answer after it, as it is told', async () => {
    const store = new MemoryLogStore({ before: () => Promise.reject(new Error('down')) });
    await expect(store.createIfAbsent(commitKey(1), bytesOf('one'))).rejects.toThrow('down');
    expect(store.objects.size).toBe(0);

    store.weather = { after: () => Promise.reject(new Error('lost')) };
    await expect(store.createIfAbsent(commitKey(1), bytesOf('one'))).rejects.toThrow('lost');
    expect(textOf(store.objects.get(commitKey(1)))).toBe('one');
  });

  test('tells which call is meant', async () => {
    const calls: unknown[] = [];
    const store = new MemoryLogStore({
      before: (call, key) => {
        calls.push([call, key]);
        return Promise.resolve();
      },
    });

    await store.createIfAbsent(commitKey(1), bytesOf('one'));
    await store.read(commitKey(2));
    await store.list(undefined);

    expect(calls).toEqual([
      ['create', commitKey(1)],
      ['read', commitKey(2)],
      ['list', undefined],
    ]);
  });

  test('lists a thousand keys at a time', async () => {
    const store = new MemoryLogStore();
    for (let number = 1; number <= 1_001; number += 1) store.objects.set(commitKey(number), bytesOf(''));

    expect(await store.list(undefined)).toHaveLength(1_000);
    expect(await store.list(commitKey(1_000))).toEqual([commitKey(1_001)]);
  });
});
