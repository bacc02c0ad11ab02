import { Worker } from 'node:worker_threads';
import type { Run } from './timeline.ts';

export type Port = { readonly name: string; readonly port: number };

/** How often a port is tried, in milliseconds: around an instant that matters, while it is open, and while nothing is due. */
const CLOSELY = 25;
const NOW_AND_THEN = 400;
/** From so long before an instant to so long after it, or until it is told otherwise. */
const BEFORE = 250;
const AFTER = 3_000;

/** Looks at ports from outside all the time. Everything it knows is from connections that were taken or refused. */
export class Observer implements AsyncDisposable {
  readonly #thread = new Worker(new URL('./observer-thread.mjs', import.meta.url));
  readonly #timers = new Map<string, NodeJS.Timeout[]>();
  #questions = 0;

  constructor() {
    this.#thread.unref();
  }

  /** From now on every few milliseconds: something is about to change. */
  closely(port: Port): void {
    this.#forget(port);
    this.#look(port, CLOSELY);
  }

  /** Now and then, and closely around this instant (epoch milliseconds). */
  around(port: Port, instant: number): void {
    this.#forget(port);
    this.#look(port, NOW_AND_THEN);
    const wait = instant - Date.now();
    this.#timers.set(port.name, [
      setTimeout(() => this.#look(port, CLOSELY), Math.max(0, wait - BEFORE)),
      setTimeout(() => this.#look(port, NOW_AND_THEN / 4), Math.max(0, wait + AFTER)),
    ]);
  }

  stop(port: Port): void {
    this.#forget(port);
    this.#look(port, 0);
  }

  /** What was seen of each port since the beginning, oldest first. */
  async seen(): Promise<Readonly<Record<string, readonly Run[]>>> {
    this.#questions += 1;
    const question = this.#questions;
    return new Promise((resolve) => {
      const hear = (answer: { collected: number; runs: Record<string, Run[]> }): void => {
        if (answer.collected !== question) return;
        this.#thread.off('message', hear);
        resolve(answer.runs);
      };
      this.#thread.on('message', hear);
      this.#thread.postMessage({ collect: question });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timers of this.#timers.values()) for (const timer of timers) clearTimeout(timer);
    await this.#thread.terminate();
  }

  #look({ name, port }: Port, everyMs: number): void {
    this.#thread.postMessage({ id: name, port, everyMs });
  }

  #forget({ name }: Port): void {
    for (const timer of this.#timers.get(name) ?? []) clearTimeout(timer);
    this.#timers.delete(name);
  }
}
