/** Keys that work wherever one is, except while a dialog is open. */

/** @import { Store } from './store.js' */

/** @param {Store} store @param {{ compose: () => void, help: () => void }} go */
export function shortcuts(store, go) {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || document.querySelector('dialog[open]'))
      return;
    if (handle(event, store, go)) event.preventDefault();
  });
}

/** @param {KeyboardEvent} event @param {Store} store @param {{ compose: () => void, help: () => void }} go @returns {boolean} */
function handle(event, store, go) {
  if (event.key === 'F6') return cyclePanes(event.shiftKey ? -1 : 1);
  if (event.altKey && /^Digit[1-9]$/.test(event.code)) return become(store, Number(event.code.slice(5)) - 1);
  if (event.altKey && event.key === 'ArrowUp') return moveChannel(store, -1);
  if (event.altKey && event.key === 'ArrowDown') return moveChannel(store, 1);
  if (event.altKey || isTyping(event.target)) return false;
  if (event.key === '?') go.help();
  else if (event.key === '/') go.compose();
  else return false;
  // The slash itself is typed into the composer.
  return event.key === '?';
}

/** @param {EventTarget | null} target */
const isTyping = (target) => target instanceof HTMLElement && target.matches('input, textarea, select');

/** @param {Store} store @param {number} index */
function become(store, index) {
  const person = store.playable()[index];
  if (person) store.become(person.id);
  return person !== undefined;
}

/** @param {Store} store @param {number} step */
function moveChannel(store, step) {
  const channels = store.visibleChannels();
  const to = channels[channels.findIndex(({ id }) => id === store.channel) + step];
  if (to) store.openChannel(to.id);
  return to !== undefined;
}

/** @param {number} step */
function cyclePanes(step) {
  const panes = [...document.querySelectorAll('[data-pane]')].filter(
    (pane) => pane instanceof HTMLElement && !pane.hidden,
  );
  const at = panes.findIndex((pane) => pane.contains(document.activeElement));
  const to = panes[(at + step + panes.length) % panes.length];
  const stop = to?.querySelector('[data-pane-focus], [aria-checked="true"], textarea, button') ?? to;
  if (stop instanceof HTMLElement) stop.focus();
  return true;
}
