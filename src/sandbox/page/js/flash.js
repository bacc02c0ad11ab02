/** A tile whose value changed lights up once. The same value again, or the first one, does not. */

/** @type {WeakMap<Element, string>} */
const last = new WeakMap();

/** @param {HTMLElement} tile @param {string} value What of it is worth a glance; a running clock is not. */
export function flashOnChange(tile, value) {
  const before = last.get(tile);
  last.set(tile, value);
  if (before === undefined || before === value) return;
  tile.classList.remove('flash');
  // The animation only starts again after a layout without it.
  void tile.offsetWidth;
  tile.classList.add('flash');
}
