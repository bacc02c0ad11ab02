import { JsonFile } from '../../storage/json-file.ts';
import { JsonFolder } from '../../storage/json-folder.ts';
import type { Schedule } from './schedule.ts';

/** A target call that was given up on, as its queue shows it. */
export interface DeadLetter {
  /** ISO 8601. */
  readonly at: string;
  readonly queue: string;
  readonly schedule: string;
  readonly code: string;
  readonly message: string;
  readonly input: string;
}

/** How many dead letters are kept. */
const MAX_DEAD_LETTERS = 1000;

/** Every schedule and dead letter, in memory and on disk. */
export class Schedules {
  readonly #folder: JsonFolder<Schedule>;
  readonly #deadLetterFile: JsonFile<readonly DeadLetter[]>;
  readonly #schedules = new Map<string, Schedule>();
  readonly #listeners = new Set<() => void>();
  #deadLetters: readonly DeadLetter[] = [];

  private constructor(path: string) {
    this.#folder = new JsonFolder(path);
    this.#deadLetterFile = new JsonFile(`${path}-dead-letters.json`);
  }

  static async load(path: string): Promise<Schedules> {
    const schedules = new Schedules(path);
    for (const schedule of await schedules.#folder.readAll())
      schedules.#schedules.set(schedule.arn, schedule);
    schedules.#deadLetters = (await schedules.#deadLetterFile.read()) ?? [];
    return schedules;
  }

  get(arn: string): Schedule | undefined {
    return this.#schedules.get(arn);
  }

  /** In order of creation. */
  all(): Schedule[] {
    return [...this.#schedules.values()].toSorted((a, b) => a.createdAt - b.createdAt);
  }

  /** Takes effect at once; resolves when it is on disk. */
  async put(schedule: Schedule): Promise<void> {
    this.#schedules.set(schedule.arn, schedule);
    await this.#changed(schedule);
  }

  async remove(schedule: Schedule): Promise<void> {
    this.#schedules.delete(schedule.arn);
    await this.#changed(schedule);
  }

  deadLetters(): readonly DeadLetter[] {
    return this.#deadLetters;
  }

  async addDeadLetter(letter: DeadLetter): Promise<void> {
    this.#deadLetters = [...this.#deadLetters, letter].slice(-MAX_DEAD_LETTERS);
    for (const listener of this.#listeners) listener();
    await this.#deadLetterFile.save(() => this.#deadLetters);
  }

  async reset(): Promise<void> {
    this.#schedules.clear();
    this.#deadLetters = [];
    await this.#folder.clear();
    await this.#deadLetterFile.save(() => undefined);
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #changed(schedule: Schedule): Promise<void> {
    for (const listener of this.#listeners) listener();
    const fileName = `${schedule.account}.${schedule.region}.${schedule.group}.${schedule.name}`;
    await this.#folder.save(fileName, () => this.#schedules.get(schedule.arn));
  }
}
