import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { inFolder } from './in-folder.ts';

/**
 * One JSON document on disk, replaced as a whole: written beside it and renamed, so that a reader or a crash sees the
 * old text or the new, never half. Saves that arrive while one is being written share the next write.
 */
export class JsonFile<Value> {
  readonly path: string;
  #heldUpMs = 0;
  readonly #mode: number;
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;

  constructor(path: string, mode = 0o644) {
    this.path = path;
    this.#mode = mode;
  }

  /** How long everything else stood still for the last save, in ms: the disk is waited for beside it. */
  get heldUpMs(): number {
    return this.#heldUpMs;
  }

  /** The stored value, or undefined when there is no file. Its shape is trusted: only the sandbox writes it. */
  async read(): Promise<Value | undefined> {
    try {
      return JSON.parse(await readFile(this.path, 'utf8')) as Value;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Resolves when the value, as it is when the write begins, is on disk. `current` answers undefined to remove the file. */
  save(current: () => Value | undefined): Promise<void> {
    if (this.#queued !== undefined) return this.#queued;
    const previous = this.#running;
    const queued = (async () => {
      await previous.catch(() => undefined);
      this.#queued = undefined;
      this.#running = this.#write(current());
      await this.#running;
    })();
    this.#queued = queued;
    return queued;
  }

  async #write(value: Value | undefined): Promise<void> {
    if (value === undefined) return rm(this.path, { force: true });
    const temporary = `${this.path}.${randomUUID()}.tmp`;
    const begun = performance.now();
    const text = `${JSON.stringify(value, null, 2)}\n`;
    this.#heldUpMs = performance.now() - begun;
    await inFolder(this.path, async () => {
      await writeFile(temporary, text, { mode: this.#mode });
      await rename(temporary, this.path);
    });
  }
}
