import { endWithParent } from './end-with-parent.mjs';
import { openResources } from './open-resources.mjs';

// Time for sockets and workers that are already closing.
const LINGER_MS = 5000;

/** Tells scripts/lib/jest.mjs, over the channel it opened, what runs, how it ended, and what keeps jest alive. */
export default class Reporter {
  #config;

  constructor(globalConfig) {
    this.#config = globalConfig;
    if (process.send) endWithParent();
  }

  onTestFileStart(test) {
    process.send?.({ started: test.path });
  }

  onTestFileResult(test) {
    process.send?.({ ended: test.path });
  }

  onRunComplete(_contexts, results) {
    // With a name pattern, everything else counts as skipped by request.
    const byRequest = this.#config.testNamePattern !== undefined && this.#config.testNamePattern !== '';
    const skipped = byRequest ? 0 : results.numPendingTests;
    const broken = results.testResults.filter(
      (file) => file.failureMessage && file.numFailingTests === 0,
    ).length;
    process.send?.({
      counts: {
        passed: results.numPassedTests,
        failed: results.numFailedTests + skipped + results.numTodoTests + broken,
      },
      finished: true,
    });
    if (skipped + results.numTodoTests > 0)
      console.error('A skipped or unwritten test counts as a failed one.');

    this.#sayWhatLingers();
  }

  /** Unreferenced timers only ever fire while something else keeps the process alive. */
  #sayWhatLingers() {
    setTimeout(() => {
      const lingering = openResources();
      if (lingering.length === 0) return this.#sayWhatLingers();
      process.send?.({ lingering }, () => process.exit(1));
    }, LINGER_MS).unref();
  }
}
