/** The middle: header, messages and composer of the channel one looks at. */
import { composer } from './composer.js';
import { control } from './control.js';
import { byId, h, icon } from './dom.js';
import { literal } from './mrkdwn.js';
import { renderMessages } from './messages.js';
import { stayAtEnd } from './stay-at-end.js';

/** @import { MessageTools } from './messages.js' */

/** Older messages stay on the server: a page this long is for today's work. */
const SHOWN = 300;

/** @param {MessageTools} tools @returns {{ focusComposer: () => void, focusMessages: () => void }} */
export function channelPane(tools) {
  const { store, notice } = tools;
  const list = byId('messages');
  stayAtEnd(list);

  const write = composer(byId('composer'), {
    label: 'Message',
    commands: true,
    send: async (text) => {
      const { me: user, channel } = store;
      const command = text.startsWith('/');
      const answer = await control(command ? 'slack/command' : 'slack/message', { user, channel, text });
      // What the app answered comes as a message; what Slack itself says comes here.
      if (!answer.ok) notice(literal(answer.text ?? 'Slack did not take that.'));
      return answer.ok;
    },
    failed: notice,
  });

  store.on(['channel', 'people', 'me'], () => {
    const channel = store.channels.find(({ id }) => id === store.channel);
    byId('channel-name').replaceChildren(icon(channel?.isPrivate ? 'padlock' : 'hash'), channel?.name ?? '');
    byId('channel-topic').textContent = channel?.topic ?? '';
    document.title = channel ? `#${channel.name} – ${store.team.name}` : 'Breakglass';
    write.describe(channel ? `Message #${channel.name}` : 'Message', `as ${store.person()?.realName ?? ''}`);
  });

  let shown = '';
  store.on(['messages', 'channel', 'me', 'people'], () => {
    const place = `${store.channel} ${store.me}`;
    const moved = place !== shown;
    shown = place;
    // Changing the channel is not news to be read out line by line.
    list.setAttribute('aria-live', moved ? 'off' : 'polite');
    const top = store.visible(store.channel, store.me).filter(inChannel).slice(-SHOWN);
    renderMessages(list, top, store.channel, tools);
    byId('no-messages').hidden = top.length > 0 || !store.ready;
    if (moved) list.scrollTop = list.scrollHeight;
    if (moved) requestAnimationFrame(() => list.setAttribute('aria-live', 'polite'));
    if (document.visibilityState === 'visible') store.markRead(store.channel);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') store.markRead(store.channel);
  });

  return { focusComposer: write.focus, focusMessages: () => list.focus() };
}

/** Replies stay in their thread unless they were also sent to the channel. @param {import('./types.d.ts').Message} message */
const inChannel = (message) =>
  !message.thread_ts || message.thread_ts === message.ts || message.subtype === 'thread_broadcast';

/** @param {HTMLElement} place @returns {(text: string) => void} Shows a line that goes away by itself or by a click. */
export function notices(place) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const clear = () => place.replaceChildren();
  return (text) => {
    clearTimeout(timer);
    place.replaceChildren(
      h(
        'div',
        { class: 'notice' },
        icon('eye'),
        h('p', {}, h('span', { class: 'notice-who' }, 'Only visible to you: '), text),
        h(
          'button',
          { type: 'button', class: 'icon-button', 'aria-label': 'Dismiss', onclick: clear },
          icon('close'),
        ),
      ),
    );
    timer = setTimeout(clear, 20_000);
  };
}
