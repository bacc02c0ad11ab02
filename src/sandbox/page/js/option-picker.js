/** A select whose choices the app supplies while one types: the combobox pattern of the ARIA practices guide. */
import { h } from './dom.js';

/** @import { Option } from './types.d.ts' */

const WAIT_MS = 150;

/**
 * @param {{
 *   attributes: Record<string, string | boolean | undefined>, placeholder: string, minimum: number,
 *   initial?: Option, value?: string,
 *   search: (query: string) => Promise<Option[]>, chosen: (option: Option | undefined) => void,
 * }} settings `minimum`: characters before the first search; 0 opens the whole list at once.
 * @returns {HTMLElement}
 */
export function optionPicker(settings) {
  const listId = `options-${crypto.randomUUID()}`;
  let chosen = settings.initial && settings.value !== '' ? settings.initial : known(settings.value);
  /** @type {Option[]} */ let offered = [];
  let active = -1;
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer;

  const list = h('ul', { class: 'picker-list', role: 'listbox', id: listId, hidden: true });
  const input = h('input', {
    ...settings.attributes,
    class: 'text-input picker-input',
    type: 'text',
    role: 'combobox',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: settings.placeholder,
    value: chosen?.text.text ?? '',
    'aria-expanded': 'false',
    'aria-controls': listId,
    'aria-autocomplete': 'list',
  });

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const choose = (/** @type {Option} */ option) => {
    chosen = option;
    labels.set(option.value, option);
    input.value = option.text.text;
    close();
    settings.chosen(option);
  };
  const mark = (/** @type {number} */ index) => {
    active = index;
    [...list.children].forEach((item, at) => item.setAttribute('aria-selected', String(at === index)));
    const item = list.children[index];
    if (item) input.setAttribute('aria-activedescendant', item.id);
    item?.scrollIntoView({ block: 'nearest' });
  };
  const show = (/** @type {string} */ note) => {
    list.replaceChildren(
      ...offered.map((option, index) =>
        h(
          'li',
          {
            role: 'option',
            id: `${listId}-${index}`,
            'aria-selected': 'false',
            onmousedown: (event) => (event.preventDefault(), choose(option)),
          },
          option.text.text,
          option.description && h('span', { class: 'choice-description' }, option.description.text),
        ),
      ),
      ...(offered.length === 0 ? [h('li', { class: 'picker-note', role: 'presentation' }, note)] : []),
    );
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    if (offered.length > 0)
      mark(
        Math.max(
          0,
          offered.findIndex(({ value }) => value === chosen?.value),
        ),
      );
  };
  const search = async (/** @type {string} */ query) => {
    const turn = ++asked;
    if (query.length < settings.minimum) return close();
    const found = await settings.search(query).catch(() => undefined);
    if (turn !== asked || document.activeElement !== input) return;
    offered = found ?? [];
    show(found ? 'Nothing found' : 'The app did not answer');
  };
  const open = () => void search(chosen && input.value === chosen.text.text ? '' : input.value);

  input.addEventListener('input', () => {
    if (chosen) settings.chosen(undefined);
    chosen = undefined;
    clearTimeout(timer);
    timer = setTimeout(() => void search(input.value), WAIT_MS);
  });
  input.addEventListener('click', open);
  input.addEventListener('blur', () => {
    close();
    if (!chosen) input.value = '';
  });
  input.addEventListener('keydown', (event) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) {
      event.preventDefault();
      if (list.hidden) open();
      else mark((active + move + offered.length) % Math.max(1, offered.length));
    } else if (!list.hidden && (event.key === 'Enter' || event.key === 'Tab')) {
      if (event.key === 'Enter') event.preventDefault();
      const option = offered[active];
      if (option) choose(option);
    } else if (!list.hidden && event.key === 'Escape') {
      // The list closes; the modal around it stays.
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  return h('div', { class: 'picker' }, input, list);
}

/** What a value was called when it was chosen: a redrawn picker has only the value. @type {Map<string, Option>} */
const labels = new Map();

/** @param {string | undefined} value */
const known = (value) =>
  value ? (labels.get(value) ?? { value, text: { type: 'plain_text', text: value } }) : undefined;
