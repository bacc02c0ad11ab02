/** The left: the workspace, who one is, and where one may look. */
import { avatar } from './avatar.js';
import { byId, h, icon, spoken } from './dom.js';
import { count } from './format.js';
import { waitingFor } from './waiting.js';

/** @import { Store } from './store.js' */
/** @import { Channel, Person } from './types.d.ts' */

/** @param {Store} store */
export function sidebar(store) {
  store.on(['connection', 'people'], () => {
    byId('team-name').textContent = store.team.name;
    drawConnection(store);
  });
  store.on(['people', 'me', 'messages', 'read'], () => drawPeople(store));
  store.on(['channel', 'me', 'people', 'messages', 'read'], () => drawChannels(store));
}

/** @param {Store} store */
function drawConnection({ connected, ready, bot }) {
  const words = connected ? 'Live' : ready ? 'Reconnecting…' : 'Connecting…';
  const place = byId('connection');
  place.dataset['state'] = connected ? 'up' : 'down';
  byId('connection-shape').textContent = connected ? '●' : '◌';
  byId('connection-words').textContent = words;
  byId('reconnecting').hidden = connected || !ready;
  byId('bot').textContent =
    `${bot.name}: ${!bot.connected ? 'not connected' : bot.mode === 'http' ? 'connected, HTTP' : 'connected, socket'}`;
}

/** @param {Store} store */
function drawPeople(store) {
  const place = byId('people');
  const focused = place.contains(document.activeElement);
  place.replaceChildren(...store.playable().map((person) => personItem(store, person)));
  if (focused) place.querySelector('[aria-checked="true"]')?.dispatchEvent(new CustomEvent('refocus'));
}

/** @param {Store} store @param {Person} person */
function personItem(store, person) {
  const waiting = waitingFor(store, person.id);
  const mine = person.id === store.me;
  const item = h(
    'button',
    {
      type: 'button',
      class: 'person',
      role: 'radio',
      'aria-checked': String(mine),
      tabindex: mine ? 0 : -1,
      'data-person': person.id,
      onclick: () => store.become(person.id),
      onrefocus: () => item.focus(),
      onkeydown: (event) => moveTo(store, person, event),
    },
    avatar(person, store.people),
    h(
      'span',
      { class: 'person-words' },
      h('span', { class: 'person-name' }, person.realName),
      h('span', { class: 'person-role' }, person.title),
    ),
    waiting > 0 &&
      h(
        'span',
        { class: 'badge' },
        h('span', { 'aria-hidden': 'true' }, String(waiting)),
        spoken(`, ${count(waiting, 'thing waits', 'things wait')} for ${person.realName}`),
      ),
  );
  return item;
}

/** Arrow keys choose, as in every group of radio buttons. @param {Store} store @param {Person} person @param {KeyboardEvent} event */
function moveTo(store, person, event) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step || event.altKey) return;
  event.preventDefault();
  const people = store.playable();
  const at = people.findIndex(({ id }) => id === person.id);
  const to = people[(at + step + people.length) % people.length];
  if (to) store.become(to.id);
}

/** @param {Store} store */
function drawChannels(store) {
  const visible = store.visibleChannels();
  const focused = byId('channels').contains(document.activeElement);
  byId('channels').replaceChildren(...visible.map((channel) => channelItem(store, channel)));
  const current = byId('channels').querySelector('[aria-current]');
  if (focused && current instanceof HTMLElement) current.focus();
}

/** @param {Store} store @param {Channel} channel */
function channelItem(store, channel) {
  const unread = store.unread(store.me, channel.id).length > 0 && channel.id !== store.channel;
  return h(
    'li',
    {},
    h(
      'button',
      {
        type: 'button',
        class: unread ? 'channel channel-unread' : 'channel',
        'aria-current': channel.id === store.channel ? 'page' : false,
        onclick: () => store.openChannel(channel.id),
      },
      icon(channel.isIm ? 'person' : channel.isPrivate ? 'padlock' : 'hash'),
      h('span', { class: 'channel-name' }, channel.isIm ? store.bot.name : channel.name),
      channel.isPrivate && !channel.isIm && spoken(' (private)'),
      unread && h('span', { class: 'unread-dot' }, spoken('unread')),
    ),
  );
}
