import type { LogStore } from './types.ts';

type Call = 'read' | 'create' | 'list';

/** What happens around one call. A throw before it: nothing was done. A throw after it: done, but the answer is lost. */
export interface Weather {
  before?(call: Call, key: string | undefined): Promise<void>;
  after?(call: Call, key: string | undefined): Promise<void>;
}

const PAGE = 1_000;

/** A store in memory, which several logs may share, with faults on demand. Its objects can be looked at and altered. */
export class MemoryLogStore implements LogStore {
  readonly objects = new Map<string, Uint8Array>();
  weather: Weather;
  readonly #prefix: string;

  constructor(weather: Weather = {}, prefix = 'log/') {
    this.weather = weather;
    this.#prefix = prefix;
  }

  read(key: string): Promise<Uint8Array | undefined> {
    return this.#call('read', key, () => {
      const body = this.objects.get(key);
      return body && Uint8Array.from(body);
    });
  }

  createIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'> {
    const copy = Uint8Array.from(body);
    return this.#call('create', key, () => {
      if (this.objects.has(key)) return 'exists';
      this.objects.set(key, copy);
      return 'created';
    });
  }

  list(after: string | undefined): Promise<string[]> {
    return this.#call('list', after, () =>
      [...this.objects.keys()]
        .filter((key) => key.startsWith(this.#prefix) && (after === undefined || key > after))
        .toSorted()
        .slice(0, PAGE),
    );
  }

  async #call<T>(call: Call, key: string | undefined, act: () => T): Promise<T> {
    await this.weather.before?.(call, key);
    const answer = act();
    await this.weather.after?.(call, key);
    return answer;
  }
}
