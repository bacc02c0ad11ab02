/** Every message the page knows, and how it comes to know those said before it was opened. */
import { control } from './control.js';

/** @import { Channel, Message, Person } from './types.d.ts' */

/** Replies of older threads are fetched when somebody opens them. */
const THREADS_READ = 20;

export class Conversations {
  /** Channel, then timestamp and reader. @type {Map<string, Map<string, Message>>} */ #messages = new Map();
  /** What events brought while a history was on its way: the history is older. @type {Set<string>} */ #fresh =
    new Set();
  #generation = 0;

  /**
   * Replaces everything by what the server has. Resolves to false when a later call overtook this one.
   * @param {readonly { channel: Channel, readers: readonly Person[] }[]} places
   * @returns {Promise<boolean>}
   */
  async load(places) {
    const generation = ++this.#generation;
    this.#fresh.clear();
    /** @type {Map<string, Map<string, Message>>} */
    const loaded = new Map(places.map(({ channel }) => [channel.id, new Map()]));
    const take = async (
      /** @type {string} */ channel,
      /** @type {string} */ reader,
      /** @type {string} */ thread = '',
    ) => {
      for (const message of await history(channel, reader, thread)) put(loaded.get(channel), message);
    };
    await Promise.all(
      places.flatMap(({ channel, readers }) => readers.map(({ id }) => take(channel.id, id))),
    );
    await Promise.all(
      places.flatMap(({ channel, readers: [reader] }) => {
        const threads = [...(loaded.get(channel.id)?.values() ?? [])].filter(
          ({ reply_count: replies }) => replies,
        );
        return reader ? threads.slice(-THREADS_READ).map(({ ts }) => take(channel.id, reader.id, ts)) : [];
      }),
    );
    if (generation !== this.#generation) return false;
    for (const [channel, messages] of this.#messages) {
      const kept = loaded.get(channel) ?? new Map();
      for (const [key, message] of messages) if (this.#fresh.has(channel + key)) kept.set(key, message);
      loaded.set(channel, kept);
    }
    this.#messages = loaded;
    return true;
  }

  /** @param {string} channel @param {string} reader @param {string} thread */
  async loadThread(channel, reader, thread) {
    for (const message of await history(channel, reader, thread)) {
      if (!this.#messages.get(channel)?.has(keyOf(message))) put(this.#of(channel), message);
    }
  }

  /** A message that is new, changed or `deleted`. @param {string} channel @param {Message} message */
  take(channel, message) {
    this.#fresh.add(channel + keyOf(message));
    if (message.deleted) this.#of(channel).delete(keyOf(message));
    else put(this.#of(channel), message);
  }

  /** @param {string} channel @param {string} person @returns {Message[]} Oldest first. */
  visible(channel, person) {
    return [...(this.#messages.get(channel)?.values() ?? [])]
      .filter((message) => !message.onlyFor || message.onlyFor === person)
      .toSorted((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));
  }

  /** @param {string} channel */
  #of(channel) {
    const messages = this.#messages.get(channel) ?? new Map();
    this.#messages.set(channel, messages);
    return messages;
  }
}

/**
 * What a person sees of a channel or a thread; nothing when the server will not say.
 * @param {string} channel @param {string} as @param {string} thread
 * @returns {Promise<Message[]>}
 */
async function history(channel, as, thread) {
  const answer = await control('slack/history', { channel, as, ...(thread && { thread_ts: thread }) }).catch(
    () => ({ messages: [] }),
  );
  return answer.messages.map((/** @type {any} */ message) =>
    message.is_ephemeral ? { ...message, onlyFor: as } : message,
  );
}

/** @param {Message} message */
const keyOf = (message) => `${message.ts} ${message.onlyFor ?? ''}`;

/** @param {Map<string, Message> | undefined} messages @param {Message} message */
function put(messages, message) {
  messages?.set(keyOf(message), message);
}
