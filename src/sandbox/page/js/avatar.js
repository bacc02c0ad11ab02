/** A person's initials, each person on a colour of their own. */
import { h } from './dom.js';

/** @import { Person } from './types.d.ts' */

const COLOURS = 8;

/** @param {Person | undefined} person @param {readonly Person[]} people */
export function avatar(person, people) {
  const initials = (person?.realName ?? '?')
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .join('')
    .slice(0, 2)
    .toUpperCase();
  const place = Math.max(0, person ? people.indexOf(person) : 0);
  return h('span', { class: `avatar avatar-${place % COLOURS}`, 'aria-hidden': 'true' }, initials);
}

/** The app itself is no person, and looks it. */
export const appAvatar = () => h('span', { class: 'avatar avatar-app', 'aria-hidden': 'true' }, 'BG');
