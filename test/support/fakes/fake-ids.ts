import type { Ids } from '../../../src/ports/ids.ts';

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

/** `bg-0000000001`, `bg-0000000002`, …: of the real form, and known beforehand. */
export class FakeIds implements Ids {
  #count = 0;

  request(): string {
    this.#count += 1;
    let rest = this.#count;
    let text = '';
    while (rest > 0) {
      text = `${CROCKFORD[rest % 32] ?? ''}${text}`;
      rest = Math.floor(rest / 32);
    }
    return `bg-${text.padStart(10, '0')}`;
  }
}
