import type { Alert, Pager } from '../../../src/ports/pager.ts';

/** Takes every alert, but for as long as it is told not to. */
export class FakePager implements Pager {
  readonly taken: Alert[] = [];
  readonly refused: Alert[] = [];
  isDown = false;

  page(alert: Alert): Promise<boolean> {
    (this.isDown ? this.refused : this.taken).push(alert);
    return Promise.resolve(!this.isDown);
  }
}
