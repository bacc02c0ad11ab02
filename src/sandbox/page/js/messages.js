/** A list of messages: a channel's, or a thread's. */
import { appAvatar, avatar } from './avatar.js';
import { renderBlock } from './blocks.js';
import { control } from './control.js';
import { h, icon, reconcile, spoken } from './dom.js';
import { clockTime, count, dayName, exactTime, messageTime } from './format.js';
import { literal, mrkdwn } from './mrkdwn.js';
import { isAtEnd } from './stay-at-end.js';

/** @import { Store } from './store.js' */
/** @import { BlockContext, ConfirmObject, Message } from './types.d.ts' */

/**
 * @typedef {object} MessageTools
 * @property {Store} store
 * @property {(confirm: ConfirmObject) => Promise<boolean>} confirm
 * @property {(text: string) => void} notice Says what went wrong.
 * @property {(ts: string, opener: HTMLElement) => void} [openThread] Absent inside a thread.
 */

/**
 * @param {HTMLElement} list An `ol`.
 * @param {Message[]} messages Oldest first.
 * @param {string} channel
 * @param {MessageTools} tools
 */
export function renderMessages(list, messages, channel, tools) {
  const atEnd = isAtEnd(list);
  /** @type {Parameters<typeof reconcile>[1]} */
  const wanted = [];
  let day = '';
  for (const message of messages) {
    const today = dayName(messageTime(message.ts));
    if (today !== day)
      wanted.push({
        key: `day ${today}`,
        version: today,
        build: () => h('li', { class: 'day', role: 'presentation' }, h('span', {}, today)),
      });
    day = today;
    const version = JSON.stringify([message, tools.store.me, tools.store.people.length]);
    wanted.push({
      key: `${channel} ${message.ts} ${message.onlyFor ?? ''}`,
      version,
      build: () => messageItem(message, channel, tools),
    });
  }
  reconcile(list, wanted);
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** @param {Message} message @param {string} channel @param {MessageTools} tools */
function messageItem(message, channel, tools) {
  const { store } = tools;
  const fromApp = message.bot_id !== undefined || message.user === store.bot.userId;
  const name = fromApp
    ? (message.username ?? store.bot.name)
    : (store.person(message.user)?.realName ?? 'Somebody');
  const at = messageTime(message.ts);
  return h(
    'li',
    { class: `message${message.onlyFor ? ' message-ephemeral' : ''}`, 'data-ts': message.ts },
    fromApp ? appAvatar() : avatar(store.person(message.user ?? ''), store.people),
    h(
      'article',
      { class: 'message-body', 'aria-label': `${name}, ${clockTime(at)}` },
      message.onlyFor && h('p', { class: 'only-you' }, icon('eye'), 'Only visible to you'),
      h(
        'p',
        { class: 'message-head' },
        h('span', { class: 'author' }, name),
        fromApp && h('span', { class: 'app-tag' }, 'APP'),
        h(
          'time',
          { class: 'when', datetime: new Date(at).toISOString(), title: exactTime(at) },
          clockTime(at),
        ),
        message.edited &&
          h('span', { class: 'edited', title: exactTime(messageTime(message.edited.ts)) }, '(edited)'),
      ),
      h('div', { class: message.blocks?.length ? 'card' : 'prose' }, content(message, channel, tools)),
      replies(message, tools),
    ),
  );
}

/** @param {Message} message @param {string} channel @param {MessageTools} tools @returns {Node[]} */
function content(message, channel, tools) {
  const directory = tools.store.directory();
  if (!message.blocks?.length) return mrkdwn(message.text ?? '', directory);
  const context = messageContext(message, channel, tools);
  return message.blocks.map((block) => renderBlock(block, context));
}

/** @param {Message} message @param {string} channel @param {MessageTools} tools @returns {BlockContext} */
function messageContext(message, channel, { store, confirm, notice }) {
  return {
    surface: { kind: 'message', channel, ts: message.ts },
    directory: store.directory(),
    confirm,
    act: async (item, block, choice) => {
      const click = {
        user: store.me,
        channel,
        ts: message.ts,
        action_id: item.action_id,
        block_id: block.block_id,
        ...choice,
      };
      const answer = await control('slack/action', click).catch((error) => ({
        ok: false,
        text: error.message,
      }));
      if (!answer.ok) notice(literal(answer.text ?? 'Breakglass did not answer. Try again in a moment.'));
    },
    options: async (item, _block, value) => {
      const answer = await control('slack/options', {
        user: store.me,
        action_id: item.action_id,
        value,
        channel,
        ts: message.ts,
      });
      if (answer.text) throw new Error(answer.text);
      return answer.options;
    },
  };
}

/** @param {Message} message @param {MessageTools} tools */
function replies(message, { openThread }) {
  if (!openThread || message.onlyFor) return undefined;
  const number = message.reply_count ?? 0;
  const open = (/** @type {Event} */ event) =>
    openThread(message.ts, /** @type {HTMLElement} */ (event.currentTarget));
  if (number === 0) {
    return h(
      'button',
      { type: 'button', class: 'reply-start', onclick: open },
      icon('reply'),
      'Reply',
      spoken(' in thread'),
    );
  }
  return h(
    'button',
    { type: 'button', class: 'reply-count', onclick: open },
    icon('reply'),
    count(number, 'reply', 'replies'),
  );
}
