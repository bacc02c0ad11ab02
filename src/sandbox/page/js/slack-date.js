/** Slack's `<!date^seconds^format^link|fallback>` in the reader's own time zone. */

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const TOKENS = {
  date_num: { year: 'numeric', month: '2-digit', day: '2-digit' },
  date: { year: 'numeric', month: 'long', day: 'numeric' },
  date_short: { year: 'numeric', month: 'short', day: 'numeric' },
  date_long: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
  time: { hour: '2-digit', minute: '2-digit', hour12: false },
  time_secs: { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false },
};

/**
 * @param {number} seconds Since the epoch.
 * @param {string} format Tokens such as `{date_short_pretty} at {time}`.
 * @param {number} [now] Milliseconds, for "today" and `{ago}`.
 * @returns {string | undefined} Nothing when Slack would show the fallback instead.
 */
export function slackDate(seconds, format, now = Date.now()) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime()) || format === '') return undefined;
  let known = true;
  const text = format.replace(/\{([a-z_]+)\}/g, (whole, token) => {
    const shown = token === 'ago' ? relative(date.getTime() - now) : one(date, token, now);
    if (shown === undefined) known = false;
    return shown ?? whole;
  });
  return known ? text : undefined;
}

/** @param {Date} date @param {string} token @param {number} now */
function one(date, token, now) {
  const plain = token.replace(/_pretty$/, '');
  const options = TOKENS[plain];
  if (!options) return undefined;
  if (plain !== token) {
    const nearby = nearbyDay(date, now);
    if (nearby) return nearby;
  }
  if (plain === 'date_num') {
    const pair = (/** @type {number} */ n) => String(n).padStart(2, '0');
    return `${date.getFullYear()}-${pair(date.getMonth() + 1)}-${pair(date.getDate())}`;
  }
  return new Intl.DateTimeFormat('en-GB', options).format(date);
}

/** @param {Date} date @param {number} now */
function nearbyDay(date, now) {
  const midnight = (/** @type {Date} */ of) =>
    new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
  const days = Math.round((midnight(date) - midnight(new Date(now))) / 86_400_000);
  return { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' }[days];
}

/** @param {number} ms From now; negative is the past. */
function relative(ms) {
  const units = /** @type {const} */ ([
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ]);
  const [unit, size] = units.find(([, length]) => Math.abs(ms) >= length) ?? ['second', 1000];
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(Math.trunc(ms / size), unit);
}
