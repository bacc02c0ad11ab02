import { setTimeout as sleep } from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';
import { endWithParent } from './end-with-parent.mjs';
import { openResources } from './open-resources.mjs';

const SETTLE_MS = 2000;
const POLL_MS = 20;
const TIMER = 'Timeout';
const HAS_WORKER = process.argv[1]?.includes('jest-worker') ?? false;

// A worker whose jest was killed would sit out its current test first.
if (HAS_WORKER) endWithParent();

/** Fails a test file that leaves anything open after its last hook, and names it. */
export default class LeakCheckedEnvironment extends TestEnvironment {
  #before = [];

  async setup() {
    await super.setup();
    this.#before = openBefore();
  }

  async handleTestEvent(event, state) {
    if (event.name !== 'run_finish') return;
    const leaks = await this.#leaks();
    if (leaks.length === 0) return;
    const error = new Error(`left open after the last test: ${leaks.join(', ')}`);
    error.stack = error.message;
    state.unhandledErrors.push(error);
  }

  async #leaks() {
    const giveUpAt = Date.now() + SETTLE_MS;
    for (;;) {
      const leaks = without(openResources(), this.#before);
      if (leaks.length === 0 || Date.now() > giveUpAt) return leaks;
      await sleep(POLL_MS);
    }
  }
}

/** Without a worker of its own a test file shares the process with jest's display: one lasting timer, others brief. */
function openBefore() {
  const open = openResources();
  return HAS_WORKER ? open : [...open.filter((resource) => resource !== TIMER), TIMER];
}

function without(all, known) {
  const left = [...known];
  return all.filter((resource) => {
    const index = left.indexOf(resource);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}
