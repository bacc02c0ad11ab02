/**
 * What the page knows, and who wants to hear about it. The server's state comes in through the event stream and is
 * never changed here on a guess; the page's own state is who one is, where one looks and what one has read.
 */
import { Conversations } from './conversations.js';
import { remember, remembered } from './memory.js';
import { ReadMarks } from './read-marks.js';

/** @import { Certificate, Channel, Directory, Incident, Message, Person, Probe, Schedule, SecurityGroup, UserGroup, View } from './types.d.ts' */

/** @typedef {'connection' | 'people' | 'me' | 'channel' | 'messages' | 'thread' | 'view' | 'rules' | 'schedules' | 'certificate' | 'probe' | 'log' | 'read'} Topic */

const NO_TEAM = { id: '', name: '' };

export class Store {
  connected = false;
  /** Has the first state arrived? */
  ready = false;
  team = NO_TEAM;
  bot = { connected: false, mode: 'none', userId: '', name: 'breakglass' };
  /** @type {Person[]} */ people = [];
  /** @type {UserGroup[]} */ groups = [];
  /** @type {Channel[]} */ channels = [];
  /** The view on top for each person. @type {Record<string, View>} */ views = {};
  /** @type {SecurityGroup[]} */ securityGroups = [];
  /** @type {Schedule[]} */ schedules = [];
  /** @type {Certificate[]} */ certificates = [];
  /** @type {Incident[]} */ incidents = [];
  /** @type {{ bucket: string, keys: Set<string> } | undefined} */ log = undefined;
  /** @type {(Probe & { heardAt: number }) | undefined} */ probe = undefined;
  me = '';
  channel = '';
  /** Timestamp of the open thread's first message. @type {string | undefined} */ thread = undefined;

  #conversations = new Conversations();
  #marks = new ReadMarks();
  /** @type {Map<Topic, Set<() => void>>} */ #listeners = new Map();
  /** @type {Set<Topic>} */ #due = new Set();

  /** @param {Topic[]} topics @param {() => void} listener Called once per turn, however many changes there were. */
  on(topics, listener) {
    for (const topic of topics) {
      const listeners = this.#listeners.get(topic) ?? new Set();
      this.#listeners.set(topic, listeners.add(listener));
    }
  }

  /** @param {...Topic} topics */
  changed(...topics) {
    if (this.#due.size === 0) queueMicrotask(() => this.#notify());
    for (const topic of topics) this.#due.add(topic);
  }

  #notify() {
    const listeners = new Set([...this.#due].flatMap((topic) => [...(this.#listeners.get(topic) ?? [])]));
    this.#due.clear();
    for (const listener of listeners) listener();
  }

  /** @param {boolean} yes */
  setConnected(yes) {
    if (this.connected === yes) return;
    this.connected = yes;
    this.changed('connection');
  }

  /** @param {any} state The `hello` event: everything, as it is now. */
  start(state) {
    const { slack, aws } = state;
    this.team = slack.team ?? NO_TEAM;
    this.bot = { ...this.bot, ...slack.bot };
    this.people = slack.people ?? [];
    this.groups = slack.groups ?? [];
    this.channels = slack.channels ?? [];
    this.views = { ...slack.views };
    this.securityGroups = aws?.securityGroups ?? [];
    this.schedules = aws?.schedules ?? [];
    this.certificates = aws?.certificates ?? [];
    this.incidents = state.incidents ?? [];
    this.log = logBucket(aws?.buckets ?? []);
    this.#settle();
    this.ready = true;
    this.changed(
      'connection',
      'people',
      'me',
      'channel',
      'view',
      'rules',
      'schedules',
      'certificate',
      'log',
      'probe',
    );
    void this.#loadConversations();
  }

  /** Somebody to be and somewhere to look, the same as before where that is still possible. */
  #settle() {
    const playable = this.playable().map(({ id }) => id);
    this.me = [this.me, remembered('me', ''), playable[0] ?? ''].find((id) => playable.includes(id)) ?? '';
    const visible = this.visibleChannels().map(({ id }) => id);
    if (visible.includes(this.channel)) return;
    this.channel = visible[0] ?? '';
    this.thread = undefined;
  }

  async #loadConversations() {
    const places = this.channels.map((channel) => ({
      channel,
      readers: this.playable().filter(({ id }) => maySee(channel, id)),
    }));
    if (!(await this.#conversations.load(places))) return;
    for (const { channel, readers } of places) {
      // Whoever was never here before starts with nothing unread.
      for (const { id } of readers)
        if (this.#marks.seen(id, channel.id) === undefined)
          this.#marks.advance(id, channel.id, this.newest(channel.id, id));
    }
    this.changed('messages', 'read');
  }

  /** @param {string} channel @param {Message} message */
  message(channel, message) {
    this.#conversations.take(channel, message);
    this.changed('messages');
  }

  /** @param {Channel[]} channels A new one, such as a direct message, begins with everything unread. */
  setChannels(channels) {
    this.channels = channels;
    for (const channel of this.ready ? channels : []) {
      for (const { id } of this.playable().filter((person) => maySee(channel, person.id))) {
        if (this.#marks.seen(id, channel.id) === undefined) this.#marks.advance(id, channel.id, '0');
      }
    }
    this.#settle();
    this.changed('channel', 'people', 'read');
  }

  /** @param {string} id */
  become(id) {
    this.me = id;
    remember('me', id);
    this.#settle();
    this.changed('me', 'channel', 'messages', 'thread', 'view', 'read');
  }

  /** @param {string} id */
  openChannel(id) {
    if (id !== this.channel) this.thread = undefined;
    this.channel = id;
    this.changed('channel', 'messages', 'thread');
  }

  /** @param {string | undefined} ts */
  async openThread(ts) {
    this.thread = ts;
    this.changed('thread');
    if (!ts) return;
    await this.#conversations.loadThread(this.channel, this.me, ts);
    this.changed('thread', 'messages');
  }

  /** Everything in this channel counts as read by the current person. @param {string} channel */
  markRead(channel) {
    if (this.ready && this.#marks.advance(this.me, channel, this.newest(channel, this.me)))
      this.changed('read');
  }

  /** @param {string} person @param {string} channel @returns {Message[]} What others said since they last looked. */
  unread(person, channel) {
    const seen = this.#marks.seen(person, channel);
    if (seen === undefined) return [];
    return this.visible(channel, person).filter((message) => message.ts > seen && message.user !== person);
  }

  /** @param {string} channel @param {string} person @returns {Message[]} Oldest first. */
  visible(channel, person) {
    return this.#conversations.visible(channel, person);
  }

  /** @param {string} channel @param {string} person */
  newest(channel, person) {
    return this.visible(channel, person).at(-1)?.ts ?? '0';
  }

  playable() {
    return this.people.filter((person) => person.playable && !person.deleted);
  }

  /** @param {string} [person] @returns {Channel[]} */
  visibleChannels(person = this.me) {
    return this.channels.filter((channel) => maySee(channel, person));
  }

  /** @returns {Person | undefined} */
  person(id = this.me) {
    return this.people.find((person) => person.id === id);
  }

  /** @returns {Directory} */
  directory() {
    return {
      person: (id) => (id === this.bot.userId ? this.bot.name : this.person(id)?.realName),
      channel: (id) => this.channels.find((channel) => channel.id === id)?.name,
      group: (id) => this.groups.find((group) => group.id === id)?.handle,
      people: () => this.people,
    };
  }
}

/** @param {Channel} channel @param {string} person */
const maySee = (channel, person) =>
  (!channel.isPrivate && !channel.isIm) || (channel.members ?? []).includes(person);

/** @param {{ name: string, objects: unknown }[]} buckets */
function logBucket(buckets) {
  const bucket = buckets.find(({ name }) => name.endsWith('log')) ?? buckets[0];
  if (!bucket) return undefined;
  const objects = Array.isArray(bucket.objects) ? bucket.objects : [];
  const keys = objects.map((object) => (typeof object === 'string' ? object : String(object?.key ?? '')));
  return { bucket: bucket.name, keys: new Set(keys.filter((key) => key.startsWith('log/'))) };
}
