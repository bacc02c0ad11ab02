import type { Ending, Run } from '../../../src/cli/demo/children.ts';

const KILL_AFTER = 30_000;

/** One process of the product that a test starts, kills and starts again. */
export class Role {
  readonly name: string;
  readonly logFile: string;
  readonly #run: () => Run;
  readonly #ready: (run: Run) => Promise<unknown>;
  #current: Run | undefined;
  #port = 0;
  /** What ended without having been asked to. */
  readonly crashes: string[] = [];

  constructor(name: string, logFile: string, run: () => Run, ready: (run: Run) => Promise<unknown>) {
    this.name = name;
    this.logFile = logFile;
    this.#run = run;
    this.#ready = ready;
  }

  /** Resolves when it says that it is ready. */
  async start(): Promise<void> {
    const run = this.#run();
    this.#current = run;
    void run.ended.then(({ code, signal }) => {
      if (this.#current === run)
        this.crashes.push(`the ${this.name} ended by itself (${signal ?? String(code)})`);
    });
    const [{ port }] = await Promise.all([run.said('ready'), this.#ready(run)]);
    this.#port = Number(port);
  }

  get pid(): number {
    return this.#current?.pid ?? 0;
  }

  /** It is meant to end by itself, or to go on until `enough`: resolves with whichever comes first. */
  async ends(enough: Promise<unknown>): Promise<Ending | undefined> {
    const run = this.#current;
    const ending = await Promise.race([run?.ended, enough.then(() => undefined)]);
    if (ending !== undefined) {
      this.#current = undefined;
      this.crashes.pop();
    }
    return ending;
  }

  /** kill -9. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM. How it ended, and after how long. */
  async stop(): Promise<Ending & { ms: number }> {
    const before = performance.now();
    const ending = await this.#end('SIGTERM');
    return { ...ending, ms: performance.now() - before };
  }

  /** Its own health server. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** A path of its own health server: `/healthz`, `/readyz`, `/metrics`. */
  async get(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.url}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** One number of `/metrics`; 0 while it is not there. */
  async metric(name: string): Promise<number> {
    const { text } = await this.get('/metrics');
    const line = text.split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? 0);
  }

  async #end(signal: NodeJS.Signals): Promise<Ending> {
    const run = this.#current;
    this.#current = undefined;
    if (run === undefined) return { code: null, signal: null };
    run.kill(signal);
    const hurry = setTimeout(() => run.kill('SIGKILL'), KILL_AFTER);
    const ending = await run.ended;
    clearTimeout(hurry);
    return ending;
  }
}
