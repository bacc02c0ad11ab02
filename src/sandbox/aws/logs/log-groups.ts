import { Journal } from '../../storage/journal.ts';

/** As stored, one line each. */
export interface LogEvent {
  /** Order of arrival, also over restarts. */
  readonly sequence: number;
  readonly group: string;
  readonly stream: string;
  /** Epoch milliseconds: of what is logged, and of its arrival. */
  readonly timestamp: number;
  readonly ingestedAt: number;
  readonly message: string;
}

/** Bound of the list; the oldest half goes when it is reached. */
const MAX_EVENTS = 50_000;

/** Log groups with what was written to them. A group that the world does not name does not exist. */
export class LogGroups {
  readonly #names: ReadonlySet<string>;
  readonly #journal: Journal<LogEvent>;
  #events: LogEvent[] = [];
  #sequence = 0;

  private constructor(path: string, names: readonly string[]) {
    this.#journal = new Journal(path);
    this.#names = new Set(names);
  }

  static async load(path: string, names: readonly string[]): Promise<LogGroups> {
    const groups = new LogGroups(path, names);
    groups.#events = await groups.#journal.readAll();
    groups.#sequence = groups.#events.at(-1)?.sequence ?? 0;
    return groups;
  }

  has(group: string): boolean {
    return this.#names.has(group);
  }

  /** Nobody waits for the disk, as nobody waits for a flow log. */
  add(event: Omit<LogEvent, 'sequence'>): void {
    this.#sequence += 1;
    const numbered = { ...event, sequence: this.#sequence };
    this.#events.push(numbered);
    if (this.#events.length > MAX_EVENTS) this.#events = this.#events.slice(-MAX_EVENTS / 2);
    this.#journal.append(numbered).catch(() => undefined);
  }

  /** Oldest first, as far as they had arrived at that instant. */
  events(group: string, arrivedUntil: number): LogEvent[] {
    return this.#events
      .filter((event) => event.group === group && event.ingestedAt <= arrivedUntil)
      .toSorted((a, b) => a.timestamp - b.timestamp || a.sequence - b.sequence);
  }

  async settled(): Promise<void> {
    await this.#journal.settled().catch(() => undefined);
  }

  async reset(): Promise<void> {
    this.#events = [];
    await this.#journal.clear();
  }
}
