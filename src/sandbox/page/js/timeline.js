/** Along the bottom: the newest request from asked to sealed, with the time between. */
import { byId, h, spoken } from './dom.js';
import { exactTime, span } from './format.js';

/** @import { Life, Step } from './life.js' */
/** @import { Store } from './store.js' */

/** Told apart by shape before colour. @type {Record<Step['state'], { shape: string, words: string }>} */
const STATES = {
  done: { shape: '●', words: 'done' },
  next: { shape: '◐', words: 'comes next' },
  later: { shape: '○', words: 'not yet' },
  bad: { shape: '✕', words: 'ended here' },
  skipped: { shape: '–', words: 'not needed' },
};

/** @type {Step[]} */
const EMPTY = ['asked', 'approved', 'armed', 'open', 'closed', 'rotated', 'sealed'].map((label) => ({
  key: label,
  label,
  at: undefined,
  state: 'later',
}));

/** @param {Store} store @returns {(life: Life | undefined) => void} */
export function timeline(store) {
  return (life) => {
    byId('timeline-title').textContent = life ? 'Newest request' : 'No request yet';
    byId('timeline-what').textContent = life
      ? [store.person(life.requester)?.realName, life.what].filter(Boolean).join(' · ')
      : 'Each step appears here with its seconds, read from the log';
    const steps = life?.steps ?? EMPTY;
    byId('timeline-steps').replaceChildren(
      ...steps.map((step, index) => stepItem(step, steps.slice(0, index))),
    );
  };
}

/** @param {Step} step @param {Step[]} before */
function stepItem(step, before) {
  const previous = before.findLast(({ at }) => at !== undefined)?.at;
  const gap = step.at !== undefined && previous !== undefined ? `+${span(step.at - previous)}` : '';
  const { shape, words } = STATES[step.state];
  return h(
    'li',
    { class: `step step-${step.state}`, 'data-step': step.key },
    before.length > 0 && h('span', { class: 'step-gap' }, gap && spoken('after '), gap),
    h(
      'span',
      { class: 'step-mark' },
      h('span', { class: 'step-shape', 'aria-hidden': 'true' }, shape),
      h('span', { class: 'step-label' }, step.label),
      spoken(`, ${words}`),
      h('span', { class: 'step-time' }, step.at === undefined ? '' : exactTime(step.at)),
    ),
  );
}
