/** Slack's links to a message lead to it on this page, as they would in Slack. */
import { byId } from './dom.js';

/** @import { Store } from './store.js' */

const PERMALINK =
  /^https:\/\/[a-z0-9-]+\.slack\.com\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})(?:\?thread_ts=([\d.]+))?/;

/** @param {string} address @returns {string | undefined} The same place as a fragment of this page. */
export function onThisPage(address) {
  const [, channel, seconds, micros, thread] = PERMALINK.exec(address) ?? [];
  return channel && `#/${channel}/${seconds}.${micros}/${thread ?? ''}`;
}

/** @param {Store} store */
export function followPermalinks(store) {
  const go = () => {
    const [, channel, ts, thread] = /^#\/([A-Z0-9]+)\/([\d.]+)\/([\d.]*)$/.exec(location.hash) ?? [];
    if (!channel || !store.visibleChannels().some(({ id }) => id === channel)) return;
    store.openChannel(channel);
    if (thread && thread !== ts) void store.openThread(thread);
    // The same link may be followed again.
    history.replaceState(null, '', location.pathname);
    requestAnimationFrame(() => show(thread && thread !== ts ? 'thread-messages' : 'messages', ts ?? ''));
  };
  addEventListener('hashchange', go);
}

/** @param {string} list @param {string} ts */
function show(list, ts) {
  const message = byId(list).querySelector(`[data-ts="${CSS.escape(ts)}"]`);
  if (!(message instanceof HTMLElement)) return;
  message.tabIndex = -1;
  message.focus();
  message.scrollIntoView({ block: 'center' });
}
