import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Run } from '../../src/cli/demo/children.ts';
import { until } from '../lib/until.ts';

/** Preloaded where clocks are to be shifted. */
export const CLOCK = fileURLToPath(new URL('./shifted-clock.mjs', import.meta.url));
const STOP_WITHIN = 15_000;
const CLOCK_SHIFTS_WITHIN = 2_000;
const SILENT_FOR = 500;

/** Those that run now: whatever ends this process must not leave a frozen one behind. */
const alive = new Set<number>();
process.on('exit', () => {
  for (const pid of alive) signal(pid, 'SIGKILL');
});

/** One process of the product, which can be killed, frozen, told another time and started again. */
export class Member {
  readonly name: string;
  /** What ended without having been asked to. */
  readonly crashes: string[] = [];
  readonly #run: (env: NodeJS.ProcessEnv) => Run;
  readonly #preload: readonly string[];
  readonly #clockFile: string;
  readonly #memoryFile: string;
  readonly #logFile: string;
  #current: Run | undefined;
  #waker: ChildProcess | undefined;
  #port = 0;

  /** `preload`: modules that run in it before the product does. */
  constructor(
    name: string,
    folder: string,
    preload: readonly string[],
    run: (env: NodeJS.ProcessEnv) => Run,
  ) {
    this.name = name;
    this.#run = run;
    this.#preload = preload;
    this.#clockFile = `${folder}/${name}.clock`;
    this.#memoryFile = `${folder}/${name}.memory`;
    this.#logFile = `${folder}/${name}.log`;
  }

  /** Resolves when it says that it is ready. Throws when it is not within the time. */
  async start(withinMs = 30_000): Promise<void> {
    await Promise.race([this.begin(), late(withinMs, `the ${this.name} is not ready`)]);
  }

  /** Starts it; the answer resolves when it says that it is ready, however long that takes. */
  async begin(): Promise<void> {
    writeFileSync(this.#clockFile, '0');
    const NODE_OPTIONS = this.#preload.map((module) => `--import "${module}"`).join(' ');
    const run = this.#run({ NODE_OPTIONS, HARNESS_CLOCK: this.#clockFile, HARNESS_MEMORY: this.#memoryFile });
    this.#current = run;
    alive.add(run.pid);
    void run.ended.then(({ code, signal }) => {
      alive.delete(run.pid);
      if (this.#current !== run) return;
      this.#current = undefined;
      this.crashes.push(`the ${this.name} ended by itself (${signal ?? String(code)})`);
    });
    const { port } = await run.said('ready');
    this.#port = Number(port);
  }

  get pid(): number {
    return this.#current?.pid ?? 0;
  }

  /** Its own health server, once it is ready. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get running(): boolean {
    return this.#current !== undefined;
  }

  /** kill -9. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM. Answers in words what was wrong with its end, if anything. */
  async stop(): Promise<string | undefined> {
    const ending = await this.#end('SIGTERM');
    return ending === undefined || ending.code === 0
      ? undefined
      : `the ${this.name} did not end well (${ending.signal ?? String(ending.code)})`;
  }

  freeze(): void {
    const pid = this.#current?.pid;
    if (pid === undefined) return;
    signal(pid, 'SIGSTOP');
    this.#waker = wakeIfWeDie(pid);
  }

  thaw(): void {
    this.#waker?.kill();
    if (this.#current !== undefined) signal(this.#current.pid, 'SIGCONT');
  }

  /** Whether it does nothing: it runs, and its health server says no word. */
  async isSilent(): Promise<boolean> {
    if (!this.running) return false;
    const healthz = fetch(`${this.url}/healthz`, { signal: AbortSignal.timeout(SILENT_FOR) });
    return healthz.then(
      () => false,
      (error: unknown) => error instanceof Error && error.name === 'TimeoutError',
    );
  }

  /** Moves its wall clock so far from the machine's; its monotonic clock goes on as it did. Answers whether its clock shows it. */
  async shiftClock(ms: number): Promise<boolean> {
    const shown = `${this.#clockFile}.shown`;
    rmSync(shown, { force: true });
    writeFileSync(this.#clockFile, String(ms));
    if (this.#current !== undefined) signal(this.#current.pid, 'SIGUSR2');
    const clock = await until(CLOCK_SHIFTS_WITHIN, () => existsSync(shown) && readFileSync(shown, 'utf8'));
    return Math.abs(Number(clock) - Date.now() - ms) < CLOCK_SHIFTS_WITHIN;
  }

  /** Bytes that it still holds after a full collection; it must have been started with the probe. */
  async memory(): Promise<number> {
    rmSync(this.#memoryFile, { force: true });
    if (this.#current !== undefined) signal(this.#current.pid, 'SIGUSR2');
    const bytes = await until(
      10_000,
      () => existsSync(this.#memoryFile) && readFileSync(this.#memoryFile, 'utf8'),
    );
    if (bytes === undefined) throw new Error(`the ${this.name} does not say what it holds`);
    return Number(bytes);
  }

  /** Whether its log has a line with this message, from any of its starts. */
  has(message: string): boolean {
    return readFileSync(this.#logFile, 'utf8').includes(`"msg":${JSON.stringify(message)}`);
  }

  async #end(how: NodeJS.Signals) {
    const run = this.#current;
    this.#current = undefined;
    if (run === undefined) return undefined;
    signal(run.pid, how);
    const hurry = setTimeout(() => signal(run.pid, 'SIGKILL'), STOP_WITHIN);
    const ending = await run.ended;
    clearTimeout(hurry);
    return ending;
  }
}

/** Who is frozen cannot notice that we are gone: somebody has to wake it, and then it ends by itself. */
function wakeIfWeDie(pid: number): ChildProcess {
  const script = 'while kill -0 "$1" && kill -0 "$2"; do sleep 1; done; kill -CONT "$2"';
  const args = ['-c', script, 'waker', String(process.pid), String(pid)];
  const waker = spawn('sh', args, { stdio: 'ignore', detached: true });
  waker.unref();
  return waker;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}

async function late(ms: number, text: string): Promise<never> {
  await pause(ms, undefined, { ref: false });
  throw new Error(`${text} after ${ms / 1000} s`);
}
