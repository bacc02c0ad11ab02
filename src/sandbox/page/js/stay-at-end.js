/** The newest message stays in sight: a list at its end is still there when the room for it has changed. */

/** Less than a message away. */
const NEAR = 60;

/** @param {HTMLElement} list */
export const isAtEnd = ({ scrollHeight, scrollTop, clientHeight }) =>
  scrollHeight - scrollTop - clientHeight < NEAR;

/** @param {HTMLElement} list */
export function stayAtEnd(list) {
  let atEnd = true;
  list.addEventListener('scroll', () => (atEnd = isAtEnd(list)), { passive: true });
  new ResizeObserver(() => {
    if (atEnd) list.scrollTop = list.scrollHeight;
  }).observe(list);
}
