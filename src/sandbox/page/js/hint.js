/** One line that names the next step, until somebody dismisses it. */
import { byId } from './dom.js';
import { remember, remembered } from './memory.js';
import { channelAwaiting } from './waiting.js';

/** @import { Life } from './life.js' */
/** @import { Store } from './store.js' */

const FORGOTTEN = 'hint-dismissed';

/** @param {Store} store @returns {{ show: (life: Life | undefined) => void, again: () => void }} */
export function hint(store) {
  const place = byId('hint');
  /** @type {Life | undefined} */
  let life;
  const draw = () => {
    place.hidden = !store.ready || remembered(FORGOTTEN, false);
    const text = nextStep(store, life);
    if (byId('hint-text').textContent !== text) byId('hint-text').textContent = text;
  };
  byId('hint-dismiss').addEventListener('click', () => {
    remember(FORGOTTEN, true);
    draw();
    byId('composer').querySelector('textarea')?.focus();
  });
  store.on(['connection', 'me', 'channel', 'people', 'messages'], draw);
  return {
    show: (newest) => {
      life = newest;
      draw();
    },
    again: () => {
      remember(FORGOTTEN, false);
      draw();
    },
  };
}

/** @param {Store} store @param {Life | undefined} life @returns {string} */
function nextStep(store, life) {
  const first = (/** @type {string | undefined} */ name) => name?.split(' ')[0] ?? '';
  switch (life?.phase) {
    case 'pending':
      return toApprove(store, life, first);
    case 'approved':
      return 'Approved. Watch the right: the switch is armed first, then PORT 8443 opens.';
    case 'open':
      return `It closes by itself at the end. Earlier: “I’m done” as ${first(store.person(life.requester)?.realName) || 'the requester'}, or “Close now” as an approver.`;
    case 'closing':
      return 'Closing: it counts as closed once AWS has shown for some seconds that the rule is gone.';
    case 'closed':
      return 'Closed. Watch Certificate: the one that was exposed is being replaced.';
    case 'ended':
      return 'It is over; its record is being sealed in the log.';
    case 'sealed':
      return 'Sealed in the log. Press Verify or Tamper in the Log tile, or ask again with /breakglass.';
    default:
      return firstStep(store, first);
  }
}

/** @param {Store} store @param {(name: string | undefined) => string} first */
function firstStep(store, first) {
  const channel = store.channels.find(({ isPrivate }) => !isPrivate);
  const asker = store.playable()[0];
  return `Type /breakglass in #${channel?.name ?? ''} as ${first(asker?.realName)} to ask for the closed port.`;
}

/** @param {Store} store @param {Life} life @param {(name: string | undefined) => string} first */
function toApprove(store, { requester }, first) {
  const others = store.playable().filter(({ id }) => id !== requester);
  const awaited = others.filter(({ id }) => channelAwaiting(store, id) !== undefined);
  // The card follows the record: until it is there, whoever approves by their role.
  const able = awaited.length > 0 ? awaited : others.filter(({ title }) => title === 'approver');
  if (!able.some(({ id }) => id === store.me))
    return `Now switch to ${listed(able.map(({ realName }) => first(realName)))} on the left to approve.`;
  const place = channelAwaiting(store, store.me) ?? store.channel;
  return place === store.channel
    ? 'You may approve: press Approve on the card. Watch PORT 8443 on the right.'
    : `You may approve: the card is in ${store.directory().channel(place)}, on the left.`;
}

/** @param {string[]} names */
const listed = (names) =>
  names.length < 2 ? (names[0] ?? 'an approver') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
