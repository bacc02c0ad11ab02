/** Up to where each person has read each channel, as far as this browser knows. */
import { remember, remembered } from './memory.js';

export class ReadMarks {
  /** Person and channel → timestamp of the newest message seen. @type {Record<string, string>} */
  #seen = remembered('read', {});

  /** @param {string} person @param {string} channel @returns {string | undefined} */
  seen(person, channel) {
    return this.#seen[`${person} ${channel}`];
  }

  /** @param {string} person @param {string} channel @param {string} ts @returns {boolean} Whether that was news. */
  advance(person, channel, ts) {
    if ((this.seen(person, channel) ?? '') >= ts) return false;
    this.#seen[`${person} ${channel}`] = ts;
    remember('read', this.#seen);
    return true;
  }
}
