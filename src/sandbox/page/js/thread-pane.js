/** The thread beside the channel. */
import { composer } from './composer.js';
import { control } from './control.js';
import { byId } from './dom.js';
import { count } from './format.js';
import { renderMessages } from './messages.js';
import { stayAtEnd } from './stay-at-end.js';

/** @import { MessageTools } from './messages.js' */

/** @param {MessageTools} tools @returns {{ open: (ts: string, opener: HTMLElement) => void, close: () => void }} */
export function threadPane(tools) {
  const { store, notice } = tools;
  const pane = byId('thread');
  const list = byId('thread-messages');
  stayAtEnd(list);
  /** @type {HTMLElement | undefined} */
  let opener;

  const write = composer(byId('thread-composer'), {
    label: 'Reply',
    commands: false,
    send: async (text) => {
      if (text.startsWith('/')) {
        notice('Commands do not work in threads. Type it in the channel.');
        return false;
      }
      const answer = await control('slack/message', {
        user: store.me,
        channel: store.channel,
        text,
        thread_ts: store.thread,
      });
      return answer.ok;
    },
    failed: notice,
  });
  write.describe('Reply', 'in thread');

  const close = () => {
    if (!store.thread) return;
    const ts = store.thread;
    void store.openThread(undefined);
    const again = opener?.isConnected
      ? opener
      : byId('messages').querySelector(`[data-ts="${CSS.escape(ts)}"] .reply-count`);
    if (again instanceof HTMLElement) again.focus();
  };
  byId('thread-close').addEventListener('click', close);
  pane.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.defaultPrevented) close();
  });

  let shown = '';
  store.on(['thread', 'messages', 'me', 'channel', 'people'], () => {
    const { thread } = store;
    byId('middle').classList.toggle('with-thread', thread !== undefined);
    pane.hidden = thread === undefined;
    if (thread === undefined) {
      shown = '';
      return;
    }
    const messages = store
      .visible(store.channel, store.me)
      .filter((message) => message.ts === thread || message.thread_ts === thread);
    const moved = shown !== thread;
    shown = thread;
    list.setAttribute('aria-live', moved ? 'off' : 'polite');
    renderMessages(list, messages, store.channel, { ...tools, openThread: undefined });
    byId('thread-count').textContent = count(Math.max(0, messages.length - 1), 'reply', 'replies');
    if (moved) list.scrollTop = list.scrollHeight;
    if (moved) requestAnimationFrame(() => list.setAttribute('aria-live', 'polite'));
  });

  return {
    open: (ts, from) => {
      opener = from;
      void store.openThread(ts);
      // The pane is drawn in the next turn.
      requestAnimationFrame(() => write.focus());
    },
    close,
  };
}
