import { join } from 'node:path';
import type { Clock } from '../part-options.ts';
import { ControlError, type Emit } from '../part.ts';
import { JsonFile } from '../storage/json-file.ts';
import { BOT } from '../world.ts';
import { newId, Timestamps } from './identifiers.ts';
import type { Conversation, Person, UserGroup, WorkspaceState } from './model.ts';
import { seededWorkspace } from './seed.ts';
import { SlackError } from './slack-error.ts';

/** A burst of changes is written once; a big workspace is written less often, so that writing stays a tenth of the time. */
const SAVE_DELAY_MS = 50;

/** Everything the workspace knows, in memory and, shortly after each change, on disk. */
export class Workspace {
  state: WorkspaceState;
  readonly timestamps = new Timestamps();
  readonly emit: Emit;
  readonly #clock: Clock;
  readonly #file: JsonFile<WorkspaceState>;
  #saveTimer: NodeJS.Timeout | undefined;
  #saveDelayMs = SAVE_DELAY_MS;
  #closed = false;

  private constructor(file: JsonFile<WorkspaceState>, state: WorkspaceState, emit: Emit, clock: Clock) {
    this.#file = file;
    this.state = state;
    this.emit = emit;
    this.#clock = clock;
    for (const messages of Object.values(state.messages)) {
      for (const message of messages) this.timestamps.advancePast(message.ts);
    }
    for (const { message } of state.ephemerals) this.timestamps.advancePast(message.ts);
  }

  static async open(stateDir: string, emit: Emit, clock: Clock): Promise<Workspace> {
    const file = new JsonFile<WorkspaceState>(join(stateDir, 'slack.json'));
    const state = (await file.read()) ?? seededWorkspace(clock.now());
    return new Workspace(file, state, emit, clock);
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#clock.now();
  }

  nextTs(): string {
    return this.timestamps.next(this.now());
  }

  /** To be called after every change of `state`. */
  changed(): void {
    if (this.#closed) return;
    this.#saveTimer ??= setTimeout(() => void this.#write(), this.#saveDelayMs);
  }

  /** Tells the page that a conversation came or changed. */
  announceChannels(): void {
    this.changed();
    this.emit({ type: 'slack.channels', data: { channels: this.state.conversations } });
  }

  async reset(): Promise<void> {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    this.state = seededWorkspace(this.now());
    await this.#file.save(() => undefined);
  }

  /** Writes what is not on disk yet. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#saveTimer);
    await this.#file.save(() => this.state);
  }

  async #write(): Promise<void> {
    this.#saveTimer = undefined;
    await this.#file.save(() => this.state);
    this.#saveDelayMs = Math.max(SAVE_DELAY_MS, this.#file.heldUpMs * 10);
  }

  findPerson(id: string): Person | undefined {
    return this.state.people.find((person) => person.id === id);
  }

  findGroup(id: string): UserGroup | undefined {
    return this.state.groups.find((group) => group.id === id);
  }

  findConversation(idOrName: string): Conversation | undefined {
    const name = idOrName.replace(/^#/, '');
    return this.state.conversations.find(
      (conversation) => conversation.id === idOrName || (!conversation.isIm && conversation.name === name),
    );
  }

  /** The person a control names. Throws ControlError. */
  person(id: unknown): Person {
    const person = typeof id === 'string' ? this.findPerson(id) : undefined;
    if (person === undefined) throw new ControlError(`there is no person ${String(id)}`);
    return person;
  }

  /** The channel a control names, which `person` can see. Throws ControlError. */
  channelOf(id: unknown, person: Person): Conversation {
    const conversation = typeof id === 'string' ? this.findConversation(id) : undefined;
    if (conversation === undefined) throw new ControlError(`there is no channel ${String(id)}`);
    if ((conversation.isPrivate || conversation.isIm) && !conversation.members.includes(person.id)) {
      throw new ControlError(`${person.handle} is not in ${conversation.name}`);
    }
    return conversation;
  }

  /**
   * The conversation an app names by channel id, channel name or, for a direct message, user id.
   * Throws SlackError: what the bot cannot see does not exist for it, and in a public channel it must be a member.
   */
  conversationForBot(id: string, access: 'see' | 'write' = 'write'): Conversation {
    const conversation = this.findPerson(id) ? this.directMessage(id) : this.findConversation(id);
    if (conversation === undefined) throw new SlackError('channel_not_found');
    if (conversation.botIsMember) return conversation;
    if (conversation.isPrivate) throw new SlackError('channel_not_found');
    if (access === 'write') throw new SlackError('not_in_channel');
    return conversation;
  }

  /** The direct message between the bot and a person, made when it is not there yet. Throws SlackError. */
  directMessage(userId: string): Conversation {
    const person = this.findPerson(userId);
    if (person === undefined) throw new SlackError('user_not_found');
    if (person.isBot || userId === BOT.userId) throw new SlackError('cannot_dm_bot');
    const existing = this.state.conversations.find(
      (conversation) => conversation.isIm && conversation.members[0] === userId,
    );
    if (existing !== undefined) return existing;
    const created: Conversation = {
      id: newId('D'),
      name: person.handle,
      topic: '',
      isPrivate: true,
      isIm: true,
      botIsMember: true,
      members: [userId],
      created: Math.floor(this.now() / 1000),
    };
    this.state.conversations.push(created);
    this.announceChannels();
    return created;
  }
}
