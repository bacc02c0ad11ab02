import type { JsonObject } from '../model.ts';
import { isObject } from '../normalise.ts';
import { SlackError } from '../slack-error.ts';

/**
 * The arguments of one call. They came as form fields, whose objects are JSON texts, or as a JSON body:
 * both look the same from here on.
 */
export class Arguments {
  readonly #fields: JsonObject;

  constructor(fields: JsonObject) {
    this.#fields = fields;
  }

  /** Throws SlackError `invalid_form_data`, `invalid_json` or `json_not_object` when the body is not what its type says. */
  static parse(contentType: string, body: string): Arguments {
    if (contentType.includes('application/json')) {
      let parsed: unknown;
      try {
        parsed = JSON.parse(body);
      } catch {
        throw new SlackError('invalid_json');
      }
      if (!isObject(parsed)) throw new SlackError('json_not_object');
      return new Arguments(parsed);
    }
    if (body === '' || contentType.includes('application/x-www-form-urlencoded')) {
      return new Arguments(Object.fromEntries(new URLSearchParams(body)));
    }
    throw new SlackError('invalid_form_data');
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== '';
  }

  /** Text, or undefined when absent or empty. */
  text(name: string): string | undefined {
    const value = this.#fields[name];
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new SlackError('invalid_arguments', [`missing required field: ${name}`]);
    return value;
  }

  flag(name: string): boolean {
    const value = this.#fields[name];
    return value === true || value === 'true' || value === '1' || value === 1;
  }

  count(name: string, otherwise: number, maximum: number): number {
    const value = this.text(name);
    if (value === undefined) return otherwise;
    const parsed = Number(value);
    if (!Number.isInteger(parsed) || parsed < 1) throw new SlackError('invalid_limit');
    return Math.min(parsed, maximum);
  }

  /** A JSON value; `error` is the code Slack answers when the text is no JSON. */
  json(name: string, error = 'invalid_arguments'): unknown {
    const value = this.#fields[name];
    if (typeof value !== 'string') return value;
    if (value === '') return undefined;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      throw new SlackError(error);
    }
  }
}
