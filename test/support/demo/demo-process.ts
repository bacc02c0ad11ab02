import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { BIN, type Ending } from '../../../src/cli/demo/children.ts';
import { SandboxClient } from '../../../src/sandbox/client.ts';
import { eventually } from '../eventually.ts';
import { descendants, stillRunning, type Process } from './processes.ts';

const STARTS_WITHIN_MS = 60_000;
/** What everybody is promised. */
export const GONE_WITHIN_MS = 5_000;

/** `breakglass demo` as somebody types it, seen from outside: its output, its processes, its page. */
export class DemoProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ending>;
  #output = '';
  #over = false;

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [BIN, 'demo', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.#ended = once(this.#child, 'close').then(([code, signal]) => {
      this.#over = true;
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
  }

  /** Everything it printed so far, on either stream. */
  get output(): string {
    return this.#output;
  }

  /** Resolves when it says where its page is. */
  async client(): Promise<SandboxClient> {
    const url = await eventually('the demo says where its page is', STARTS_WITHIN_MS, () => {
      if (this.#over) throw new Error(`the demo ended before that: ${this.#output}`);
      return /Open +(http:\S+)/.exec(this.#output)?.[1];
    });
    return new SandboxClient(url);
  }

  /** Everything that runs because of it. */
  family(): Process[] {
    return descendants(this.#child.pid ?? 0);
  }

  /** The process of one role, once it is there and is not one of `but`. */
  role(role: 'bot' | 'worker', but: readonly Process[] = []): Promise<Process> {
    return eventually(`a ${role} is running`, STARTS_WITHIN_MS, () =>
      this.family().find(
        (each) => each.command.endsWith(`--role ${role}`) && but.every(({ pid }) => pid !== each.pid),
      ),
    );
  }

  ended(): Promise<Ending> {
    return this.#ended;
  }

  /** Sends the signal. How it ended, what it had started, and what of that is left after the promised time. */
  async end(signal: NodeJS.Signals): Promise<Ending & { family: Process[]; left: Process[] }> {
    const family = this.family();
    const giveUpAt = performance.now() + GONE_WITHIN_MS;
    this.#child.kill(signal);
    const left = () => [...stillRunning(family), ...this.family()];
    await eventually('all are gone', GONE_WITHIN_MS, () => left().length === 0).catch(() => undefined);
    const remaining = performance.now() > giveUpAt ? left() : [];
    for (const { pid } of remaining) process.kill(pid, 'SIGKILL');
    return { ...(await this.#ended), family, left: remaining };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) await this.end('SIGKILL');
  }
}
