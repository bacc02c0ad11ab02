/** Times and numbers as people read them. */

/**
 * @param {string | number | undefined | null} value ISO text, epoch seconds or epoch milliseconds.
 * @returns {number} Milliseconds since the epoch; NaN when it is no time.
 */
export function toMillis(value) {
  if (value === undefined || value === null || value === '') return Number.NaN;
  const number = typeof value === 'number' ? value : /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  // Seconds until the year 5138; milliseconds since 1973.
  if (!Number.isNaN(number)) return number < 1e11 ? number * 1000 : number;
  return Date.parse(String(value));
}

/** @param {number} ms @returns {string} `m:ss`, hours in front when there are any; never negative. */
export function countdown(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const pair = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}:${pair(minutes)}:${pair(seconds % 60)}` : `${minutes}:${pair(seconds % 60)}`;
}

/** @param {number} ms @returns {string} As short as it stays exact enough: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function span(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d`;
}

/** @param {number} ms How long ago. */
export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const exactClock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });

/** @param {number} ms @returns {string} `14:03` */
export const clockTime = (ms) => clock.format(ms);

/** @param {number} ms @returns {string} `14:03:27` */
export const exactTime = (ms) => exactClock.format(ms);

/** @param {number} ms @returns {string} `Sunday 22 November` */
export const dayName = (ms) => day.format(ms);

/** @param {string} hex @returns {string} `4f:9a:01…c7:2e`, enough to tell two apart at a glance. */
export function shortHex(hex) {
  const plain = hex.replace(/[^0-9a-f]/gi, '').toLowerCase();
  const pairs = plain.match(/../g) ?? [];
  if (pairs.length <= 6) return pairs.join(':');
  return `${pairs.slice(0, 3).join(':')}…${pairs.slice(-2).join(':')}`;
}

/** @param {number} n @param {string} one @param {string} [many] */
export const count = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** @param {string} ts Slack's message timestamp. */
export const messageTime = (ts) => Number.parseFloat(ts) * 1000;
