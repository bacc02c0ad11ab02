import { appendFile, readFile, rm, truncate } from 'node:fs/promises';
import { inFolder } from './in-folder.ts';

/** An append-only file of JSON lines. Lines that arrive while one is being written share the next write. */
export class Journal<Entry> {
  readonly #path: string;
  #waiting: string[] = [];
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Every entry, oldest first. A last line that a crash cut short is removed: nobody was told that it was stored. */
  async readAll(): Promise<Entry[]> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) await truncate(this.#path, Buffer.byteLength(whole));
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Entry);
  }

  /** Resolves when the entry is on disk. */
  append(entry: Entry): Promise<void> {
    this.#waiting.push(`${JSON.stringify(entry)}\n`);
    if (this.#queued !== undefined) return this.#queued;
    const previous = this.#running;
    const queued = (async () => {
      await previous.catch(() => undefined);
      this.#queued = undefined;
      const lines = this.#waiting.join('');
      this.#waiting = [];
      this.#running = this.#write(lines);
      await this.#running;
    })();
    this.#queued = queued;
    return queued;
  }

  /** Resolves when every entry so far is on disk. */
  settled(): Promise<void> {
    return this.#queued ?? this.#running;
  }

  /** Forgets everything; entries that are appended meanwhile may go too. */
  async clear(): Promise<void> {
    this.#waiting = [];
    await this.settled().catch(() => undefined);
    this.#running = rm(this.#path, { force: true });
    await this.#running;
  }

  async #write(lines: string): Promise<void> {
    await inFolder(this.#path, () => appendFile(this.#path, lines));
  }
}
