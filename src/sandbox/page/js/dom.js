/** Building elements. Text always goes in as a text node: nothing on this page is ever parsed as HTML. */

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Attributes */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes] `onclick` and the like are listeners, `true` is an empty attribute
 *   (in ARIA the word), `false`, `null` and `undefined` leave the attribute away.
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  assign(element, attributes);
  element.append(...children.flat().filter(isNode).map(toNode));
  return element;
}

/**
 * @param {Element} element
 * @param {Attributes} attributes
 */
function assign(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true && !name.startsWith('aria-') ? '' : String(value));
  }
}

/** @param {Child} child @returns {child is Node | string | number} */
function isNode(child) {
  return child !== null && child !== undefined && child !== false && child !== '';
}

/** @param {Node | string | number} child */
function toNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/**
 * The element with this id; the page's own markup has it.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}`);
  return element;
}

/** @param {string} text Read out, never shown. */
export function spoken(text) {
  return h('span', { class: 'visually-hidden' }, text);
}

/** Outlines on a 16 × 16 grid. @type {Record<string, string[]>} */
const ICONS = {
  lock: ['M4 7.5h8v6H4z', 'M5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5'],
  unlock: ['M4 7.5h8v6H4z', 'M5.5 7.5V4.6a2.5 2.5 0 0 1 4.7-1.2'],
  unknown: [
    'M6 6.2a2 2 0 1 1 2.8 1.9c-.6.3-.8.7-.8 1.4',
    'M8 11.6v.4',
    'M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8z',
  ],
  hash: ['M6.4 2.5 5.2 13.5', 'M10.8 2.5 9.6 13.5', 'M2.8 5.9h10.8', 'M2.4 10.1h10.8'],
  padlock: ['M4 7.5h8v6H4z', 'M5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5'],
  person: [
    'M8 8.2a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4z',
    'M2.8 13.6c.6-2.4 2.6-3.6 5.2-3.6s4.6 1.2 5.2 3.6',
  ],
  close: ['M3.5 3.5l9 9', 'M12.5 3.5l-9 9'],
  reply: ['M6.5 3.5 2.5 7.5l4 4', 'M2.5 7.5h7a4 4 0 0 1 4 4v1'],
  eye: [
    'M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8z',
    'M8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z',
  ],
  send: ['M2.5 8 13.5 3l-3 10-3-3.6z', 'M7.5 9.4 13.5 3'],
  check: ['M3 8.5 6.5 12 13 4.5'],
  cross: ['M4 4l8 8', 'M12 4l-8 8'],
  warning: ['M8 2.2 14.4 13.4H1.6z', 'M8 6.4v3.4', 'M8 11.5v.4'],
  arrow: ['M3 8h9.5', 'M9 4.5 12.5 8 9 11.5'],
  bolt: ['M9 1.8 3.8 9H8l-1 5.2L12.2 7H8z'],
  rules: ['M2.5 4h11', 'M2.5 8h11', 'M2.5 12h7'],
  scroll: ['M4 2.5h8v11H4z', 'M6 5.5h4', 'M6 8h4', 'M6 10.5h2.5'],
  certificate: ['M3 2.8h10v7.4H3z', 'M5.2 5.2h5.6', 'M5.2 7.4h2.6', 'M9.4 9.4v4.2l1.3-1 1.3 1V9.4'],
};

/**
 * @param {string} name
 * @param {string} [className]
 * @returns {SVGSVGElement} Decoration: hidden from assistive technology, the words stand beside it.
 */
export function icon(name, className = 'icon') {
  const svg = document.createElementNS(SVG, 'svg');
  assign(svg, { viewBox: '0 0 16 16', class: className, 'aria-hidden': 'true', focusable: 'false' });
  for (const d of ICONS[name] ?? []) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}

/**
 * Makes the children of `parent` those of `wanted`, keeping every node whose key and version are unchanged, so that
 * focus, selection and screen readers are left alone.
 * @param {Element} parent
 * @param {{ key: string, version: string, build: () => HTMLElement }[]} wanted
 */
export function reconcile(parent, wanted) {
  const present = new Map([...parent.children].map((child) => [child.getAttribute('data-key'), child]));
  let previous = /** @type {Element | null} */ (null);
  for (const { key, version, build } of wanted) {
    let node = present.get(key);
    present.delete(key);
    if (node?.getAttribute('data-version') !== version) {
      const fresh = build();
      fresh.setAttribute('data-key', key);
      fresh.setAttribute('data-version', version);
      if (node) replaceKeepingFocus(node, fresh);
      node = fresh;
    }
    const place = previous ? previous.nextElementSibling : parent.firstElementChild;
    if (place !== node) parent.insertBefore(node, place);
    previous = node;
  }
  for (const stale of present.values()) stale.remove();
}

/**
 * A person who pressed a button must not be thrown to the top of the page because the card was redrawn.
 * @param {Element} old
 * @param {HTMLElement} fresh
 */
function replaceKeepingFocus(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(fresh);
  if (!focused) return;
  const action = focused.getAttribute('data-action');
  const same = action === null ? null : fresh.querySelector(`[data-action="${CSS.escape(action)}"]`);
  if (same instanceof HTMLElement) return same.focus();
  fresh.setAttribute('tabindex', '-1');
  fresh.focus();
}
