import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { JsonFile } from './json-file.ts';

/** A folder of JSON documents by name, one file each, so that a change writes only what it changed. */
export class JsonFolder<Value> {
  readonly path: string;
  readonly #mode: number;
  readonly #files = new Map<string, JsonFile<Value>>();

  constructor(path: string, mode = 0o644) {
    this.path = path;
    this.#mode = mode;
  }

  /** Every stored document. Leftovers of a write that a crash cut short are passed over. */
  async readAll(): Promise<Value[]> {
    let names: string[];
    try {
      names = await readdir(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const documents = names.filter((name) => name.endsWith('.json'));
    const values = await Promise.all(
      documents.map((name) => new JsonFile<Value>(join(this.path, name)).read()),
    );
    return values.filter((value) => value !== undefined);
  }

  /** As JsonFile.save; `current` answers undefined to remove the document. */
  save(name: string, current: () => Value | undefined): Promise<void> {
    const fileName = `${encodeURIComponent(name)}.json`;
    let file = this.#files.get(fileName);
    if (file === undefined)
      this.#files.set(fileName, (file = new JsonFile<Value>(join(this.path, fileName), this.#mode)));
    return file.save(current);
  }

  async clear(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
