import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { appendFile, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectPath } from '../../../src/sandbox/aws/s3/object-path.ts';
import { Journal } from '../../../src/sandbox/storage/journal.ts';
import { JsonFile } from '../../../src/sandbox/storage/json-file.ts';
import { JsonFolder } from '../../../src/sandbox/storage/json-folder.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-storage-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('JsonFile', () => {
  test('reads back what was saved, and nothing before that', async () => {
    const file = new JsonFile<{ count: number }>(join(folder, 'deep', 'file.json'));

    const before = await file.read();
    await file.save(() => ({ count: 1 }));

    expect(before).toBeUndefined();
    expect(await file.read()).toEqual({ count: 1 });
  });

  test('a save that has resolved is on disk with the newest value, however many came at once', async () => {
    const file = new JsonFile<number>(join(folder, 'file.json'));
    let value = 0;

    const saves = Array.from({ length: 50 }, () => {
      value += 1;
      return file.save(() => value);
    });
    await saves[0];
    const afterFirst = await file.read();
    await Promise.all(saves);

    expect(afterFirst).toBe(50);
    expect(await file.read()).toBe(50);
    expect(await readdir(folder)).toEqual(['file.json']);
  });

  test('keeps its mode, and undefined removes it', async () => {
    const file = new JsonFile<string>(join(folder, 'secret.json'), 0o600);
    await file.save(() => 'x');
    const { mode } = await stat(file.path);

    await file.save(() => undefined);

    expect(mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual([]);
  });

  test('a failed save does not keep the next one from succeeding', async () => {
    const blocked = join(folder, 'blocked');
    await writeFile(blocked, 'a file where a folder should be');
    const file = new JsonFile<number>(join(blocked, 'file.json'));

    await expect(file.save(() => 1)).rejects.toThrow();
    await rm(blocked);
    await file.save(() => 2);

    expect(await file.read()).toBe(2);
  });
});

test('JsonFolder keeps a document for each name, whatever is in the name, and passes over leftovers', async () => {
  const documents = new JsonFolder<{ name: string }>(folder);
  for (const name of ['a/b', '../c', 'd']) await documents.save(name, () => ({ name }));
  await documents.save('d', () => undefined);
  await writeFile(join(folder, 'e.json.1234.tmp'), '{"half');

  const values = await new JsonFolder<{ name: string }>(folder).readAll();

  expect(values.map(({ name }) => name).toSorted()).toEqual(['../c', 'a/b']);
});

describe('Journal', () => {
  test('reads every entry back in order', async () => {
    const path = join(folder, 'journal.jsonl');
    const journal = new Journal<number>(path);

    await Promise.all(Array.from({ length: 20 }, (_, index) => journal.append(index)));

    expect(await new Journal<number>(path).readAll()).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    );
  });

  test('drops a line that a crash cut short, and goes on behind the last whole one', async () => {
    const path = join(folder, 'journal.jsonl');
    await new Journal<{ n: string }>(path).append({ n: 'ümlaut' });
    await appendFile(path, '{"n":"ha');

    const reopened = new Journal<{ n: string }>(path);
    const entries = await reopened.readAll();
    await reopened.append({ n: 'two' });

    expect(entries).toEqual([{ n: 'ümlaut' }]);
    expect(await readFile(path, 'utf8')).toBe('{"n":"ümlaut"}\n{"n":"two"}\n');
  });
});

describe('objectPath', () => {
  test.each([
    ['log/000000000001', 'log/000000000001~v'],
    ['../../etc/passwd', '%2e2e/%2e2e/etc/passwd~v'],
    ['a//b', 'a/%/b~v'],
    ['tilde~x', 'tilde%7Ex~v'],
  ])('%s lies at %s', (key, path) => {
    expect(objectPath(key, 'v')).toBe(path);
  });

  test('keeps long names short and different ones apart', () => {
    const [one, two] = [objectPath(`${'x'.repeat(900)}1`, 'v'), objectPath(`${'x'.repeat(900)}2`, 'v')];

    expect(one.length).toBeLessThan(255);
    expect(one).not.toBe(two);
  });
});
