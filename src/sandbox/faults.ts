import { type FaultName, type FaultSettings, faultSchemas } from './fault-settings.ts';
import { ControlError } from './part.ts';

export type {
  FaultName,
  FaultSettings,
  FailFault,
  LoseFault,
  RateLimitFault,
  ThrottleFault,
} from './fault-settings.ts';

type Settings = { [Name in FaultName]?: FaultSettings[Name] };

/** Faults whose setting names actions and is used up `count` times. */
type CountedFault = 'aws.lose' | 'aws.fail' | 'slack.rateLimit';

/**
 * The faults that are on now, shared by every part. Settings are replaced as a whole; counted faults are used up by
 * `take` and disappear at zero.
 */
export class Faults {
  #settings: Settings = {};
  readonly #listeners = new Set<(all: Settings) => void>();

  /** The setting, or undefined when the fault is off. */
  get<Name extends FaultName>(name: Name): FaultSettings[Name] | undefined {
    return this.#settings[name];
  }

  /**
   * Replaces the named faults; `null` clears one. Throws ControlError for an unknown name or a setting of the wrong
   * shape, and then changes nothing.
   */
  set(changes: Readonly<Record<string, unknown>>): Settings {
    const next: Record<string, unknown> = { ...this.#settings };
    for (const [name, value] of Object.entries(changes)) {
      const schema = (faultSchemas as Record<string, (typeof faultSchemas)[FaultName] | undefined>)[name];
      if (schema === undefined) {
        throw new ControlError(
          `no fault is called ${name}; there are ${Object.keys(faultSchemas).join(', ')}`,
        );
      }
      if (value === null) {
        delete next[name];
        continue;
      }
      const parsed = schema.safeParse(value);
      if (!parsed.success) {
        throw new ControlError(`${name}: ${parsed.error.issues.map((issue) => issue.message).join('; ')}`);
      }
      next[name] = parsed.data;
    }
    this.#replace(next);
    return this.all();
  }

  /** Every fault that is on, with what is left of the counted ones. */
  all(): Settings {
    return structuredClone(this.#settings);
  }

  reset(): void {
    this.#replace({});
  }

  /** Calls back after every change, also when a counted fault is used up. Returns the way to stop that. */
  onChange(listener: (all: Settings) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The setting that names one of `candidates`, used up once; undefined when none does. */
  take<Name extends CountedFault>(name: Name, candidates: readonly string[]): Single<Name> | undefined {
    const settings = this.#list(name);
    const found = settings.find((setting) => candidates.includes(nameOf(setting)));
    if (found === undefined) return undefined;
    const left = settings
      .map((setting) => (setting === found ? { ...setting, count: setting.count - 1 } : setting))
      .filter((setting) => setting.count > 0);
    const next = { ...this.#settings };
    if (left.length === 0) delete next[name];
    else Object.assign(next, { [name]: left.length === 1 ? left[0] : left });
    this.#replace(next);
    return found;
  }

  #list<Name extends CountedFault>(name: Name): readonly Single<Name>[] {
    const setting = this.#settings[name];
    if (setting === undefined) return [];
    return (Array.isArray(setting) ? setting : [setting]) as readonly Single<Name>[];
  }

  #replace(next: Settings): void {
    this.#settings = next;
    for (const listener of this.#listeners) listener(this.all());
  }
}

type Single<Name extends CountedFault> = Exclude<FaultSettings[Name], readonly unknown[]>;

function nameOf(setting: { action: string } | { method: string }): string {
  return 'action' in setting ? setting.action : setting.method;
}

/** Uniformly within [min, max] milliseconds; 0 when the fault is off. */
export function randomWithin(range: readonly [number, number] | undefined): number {
  if (range === undefined) return 0;
  return range[0] + Math.random() * (range[1] - range[0]);
}
