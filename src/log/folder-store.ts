import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { LogStore } from './types.ts';

/**
 * A log in a folder: a downloaded bucket, or a log on one machine. Object `log/n` is the file `log/n` under the folder.
 * Files whose name begins with a dot are not objects.
 */
export class FolderLogStore implements LogStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  read(key: string): Promise<Uint8Array | undefined> {
    return unless('ENOENT', readFile(this.#path(key)));
  }

  async createIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'> {
    await mkdir(join(this.#folder, 'log'), { recursive: true });
    const whole = join(this.#folder, 'log', `.${randomUUID()}`);
    await writeFile(whole, body, { flush: true });
    try {
      // A link is made whole or not at all, and never over an existing name.
      const done = await unless(
        'EEXIST',
        link(whole, this.#path(key)).then(() => 'created' as const),
      );
      return done ?? 'exists';
    } finally {
      await rm(whole);
    }
  }

  async list(after: string | undefined): Promise<string[]> {
    const names = (await unless('ENOENT', readdir(join(this.#folder, 'log')))) ?? [];
    return names
      .filter((name) => !name.startsWith('.'))
      .map((name) => `log/${name}`)
      .filter((key) => after === undefined || key > after)
      .toSorted();
  }

  #path(key: string): string {
    const name = /^log\/([^./][^/]*)$/.exec(key)?.[1];
    if (name === undefined) throw new Error(`${key} is not a key of the log`);
    return join(this.#folder, 'log', name);
  }
}

async function unless<T>(code: string, act: Promise<T>): Promise<T | undefined> {
  try {
    return await act;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return undefined;
    throw error;
  }
}
