import { AsyncLocalStorage } from 'node:async_hooks';
import { randomInt } from 'node:crypto';

const current = new AsyncLocalStorage<string>();
// Crockford's base 32: no letters that are mistaken for digits when somebody reads them out.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 8;

/** Short enough to be read to somebody on the phone; says nothing by itself. */
export const newCorrelationId = (): string =>
  Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

/** Runs something so that every line it logs, however deep and late, carries the same id. */
export const withCorrelation = <T>(id: string, act: () => T): T => current.run(id, act);

/** The id of what is going on here, to show to a person in place of an error that they cannot use. */
export const correlationId = (): string | undefined => current.getStore();
