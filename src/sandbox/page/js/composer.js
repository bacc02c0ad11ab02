/** Where one types: Enter sends, Shift+Enter makes a new line, `/` offers the commands. */
import { h, icon } from './dom.js';

const COMMANDS = [{ name: '/breakglass', hint: 'ask to open the console’s port for a few minutes' }];

/**
 * @param {HTMLElement} place
 * @param {{
 *   label: string, commands: boolean,
 *   send: (text: string) => Promise<boolean>, failed: (text: string) => void,
 * }} settings `send` resolves to false when the text should stay.
 */
export function composer(place, settings) {
  const listId = `${place.id}-commands`;
  const list = h('ul', {
    class: 'command-list',
    role: 'listbox',
    id: listId,
    'aria-label': 'Commands',
    hidden: true,
  });
  const completes = settings.commands
    ? { role: 'combobox', 'aria-expanded': 'false', 'aria-controls': listId, 'aria-autocomplete': 'list' }
    : {};
  const input = h('textarea', {
    class: 'composer-input',
    rows: 1,
    'aria-label': settings.label,
    ...completes,
  });
  const button = h(
    'button',
    { type: 'submit', class: 'icon-button send', 'aria-label': 'Send' },
    icon('send'),
  );
  const form = h('form', { class: 'composer-form' }, list, input, button);
  place.replaceChildren(form);

  /** @type {typeof COMMANDS} */ let offered = [];
  let active = 0;
  let dismissed = '';

  const offer = () => {
    const typed = input.value;
    offered =
      settings.commands && /^\/\S*$/.test(typed) && typed !== dismissed
        ? COMMANDS.filter(({ name }) => name.startsWith(typed))
        : [];
    active = Math.min(active, Math.max(0, offered.length - 1));
    list.hidden = offered.length === 0;
    input.setAttribute('aria-expanded', String(offered.length > 0));
    list.replaceChildren(
      ...offered.map(({ name, hint }, index) =>
        h(
          'li',
          {
            role: 'option',
            id: `${listId}-${index}`,
            'aria-selected': String(index === active),
            onmousedown: (event) => (event.preventDefault(), complete(index)),
          },
          h('span', { class: 'command-name' }, name),
          h('span', { class: 'command-hint' }, hint),
        ),
      ),
    );
    if (offered.length > 0) input.setAttribute('aria-activedescendant', `${listId}-${active}`);
    else input.removeAttribute('aria-activedescendant');
    button.disabled = typed.trim() === '';
    input.rows = Math.min(6, typed.split('\n').length);
  };
  const complete = (/** @type {number} */ index) => {
    input.value = offered[index]?.name ?? input.value;
    dismissed = input.value;
    offer();
  };
  const send = async () => {
    const text = input.value.trim();
    if (text === '' || form.getAttribute('aria-busy') === 'true') return;
    form.setAttribute('aria-busy', 'true');
    try {
      if ((await settings.send(text)) && input.value.trim() === text) input.value = '';
    } catch (error) {
      settings.failed(error instanceof Error ? error.message : String(error));
    } finally {
      form.removeAttribute('aria-busy');
      offer();
    }
  };

  input.addEventListener('input', () => {
    dismissed = '';
    active = 0;
    offer();
  });
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (offered.length > 0 && move) {
      event.preventDefault();
      active = (active + move + offered.length) % offered.length;
      offer();
    } else if (offered.length > 0 && event.key === 'Escape') {
      event.preventDefault();
      dismissed = input.value;
      offer();
    } else if (
      offered.length > 0 &&
      offered[active]?.name !== input.value &&
      (event.key === 'Tab' || event.key === 'Enter') &&
      !event.shiftKey
    ) {
      event.preventDefault();
      complete(active);
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void send();
    }
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send();
  });
  input.addEventListener('blur', () => (list.hidden = true));
  input.addEventListener('focus', offer);
  offer();

  return {
    focus: () => input.focus(),
    /** @param {string} text @param {string} more Read out, not shown. */
    describe: (text, more) => {
      input.placeholder = text;
      input.setAttribute('aria-label', `${text} ${more}`);
    },
  };
}
