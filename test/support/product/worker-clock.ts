import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../sources.ts';
import type { Role } from './role.ts';

const MODULE = 'bench/world/shifted-clock.mjs';

/** The wall clock of workers, and of nobody else. */
export class WorkerClock implements AsyncDisposable {
  readonly #folder: string;
  readonly #file: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, 'clock');
  }

  static async create(): Promise<WorkerClock> {
    return new WorkerClock(await mkdtemp(join(tmpdir(), 'bg-clock-')));
  }

  /** For a worker that is to have it. `modules`: what else is preloaded, by path from the root of the project. */
  environment(...modules: string[]): NodeJS.ProcessEnv {
    const preloaded = [MODULE, ...modules].map(
      (path) => `--import "${pathToFileURL(join(ROOT, path)).href}"`,
    );
    return { NODE_OPTIONS: preloaded.join(' '), HARNESS_CLOCK: this.#file };
  }

  /** From now on so far ahead of the machine's. */
  async setForward(worker: Role, ms: number): Promise<void> {
    await writeFile(this.#file, String(ms));
    process.kill(worker.pid, 'SIGUSR2');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}
