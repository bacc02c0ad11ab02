import { randomInt } from 'node:crypto';

import type { Chance } from '../ports/chance.ts';
import type { Ids } from '../ports/ids.ts';

/** Crockford's base 32 without its vowels: no letter that is taken for another on the phone, and no words. */
const ALPHABET = '0123456789bcdfghjkmnpqrstvwxyz';

/** Forty-nine random bits: unique enough for every request there will ever be, and naming one gives no right to anything. */
export const randomIds: Ids = {
  request: () => `bg-${Array.from({ length: 10 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')}`,
};

export const mathChance: Chance = { fraction: () => Math.random() };
