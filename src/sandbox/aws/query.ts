/** A form-encoded AWS Query request: dotted names, lists numbered from 1 (`Filter.1.Value.2`). */
export class QueryParameters {
  readonly #values: ReadonlyMap<string, string>;
  readonly #prefix: string;

  private constructor(values: ReadonlyMap<string, string>, prefix: string) {
    this.#values = values;
    this.#prefix = prefix;
  }

  static parse(form: string): QueryParameters {
    return new QueryParameters(new Map(new URLSearchParams(form)), '');
  }

  /**
   * The same request given as JSON in the API's own shape, as a scheduler's target has it. `names` maps a list's name
   * in the API to its name in a Query request where the two differ.
   */
  static fromInput(input: unknown, names: Readonly<Record<string, string>>): QueryParameters {
    const values = new Map<string, string>();
    flatten(input, '', names, values);
    return new QueryParameters(values, '');
  }

  text(name: string): string | undefined {
    return this.#values.get(this.#prefix + name);
  }

  /** A decimal integer, or undefined when absent; NaN when it is something else. */
  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    return /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
  }

  flag(name: string): boolean {
    return this.text(name) === 'true';
  }

  /** Texts of a list of scalars. */
  texts(name: string): string[] {
    const found: string[] = [];
    for (let index = 1; ; index += 1) {
      const value = this.text(`${name}.${index}`);
      if (value === undefined) return found;
      found.push(value);
    }
  }

  /** Members of a list of structures. */
  members(name: string): QueryParameters[] {
    const found: QueryParameters[] = [];
    for (let index = 1; ; index += 1) {
      const prefix = `${this.#prefix}${name}.${index}.`;
      if (![...this.#values.keys()].some((key) => key.startsWith(prefix))) return found;
      found.push(new QueryParameters(this.#values, prefix));
    }
  }

  /** Everything as sent, for the list of calls. */
  toJSON(): Record<string, string> {
    return Object.fromEntries([...this.#values].filter(([name]) => name !== 'Action' && name !== 'Version'));
  }
}

function flatten(
  value: unknown,
  prefix: string,
  names: Readonly<Record<string, string>>,
  into: Map<string, string>,
): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    into.set(prefix, String(value));
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const dot = prefix === '' ? '' : `${prefix}.`;
  if (Array.isArray(value)) {
    value.forEach((item, index) => flatten(item, `${dot}${index + 1}`, names, into));
    return;
  }
  for (const [name, member] of Object.entries(value))
    flatten(member, `${dot}${names[name] ?? name}`, names, into);
}
