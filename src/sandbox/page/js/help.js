/** The "?" dialog: the keys, and the way back to the hints. */
import { showDialog } from './dialogs.js';
import { h } from './dom.js';

const KEYS = [
  ['/', 'write in the channel, starting a command'],
  ['Enter', 'send; Shift + Enter makes a new line'],
  ['Alt + 1 … 5', 'become another person'],
  ['Alt + ↑ ↓', 'previous or next channel'],
  ['F6', 'next pane; Shift + F6 the previous one'],
  ['Esc', 'close the thread, the list or the dialog'],
  ['?', 'this help'],
];

/** @param {() => void} hintsAgain */
export function showHelp(hintsAgain) {
  const close = () => {
    dialog.close();
    dialog.remove();
  };
  const again = () => {
    hintsAgain();
    close();
  };
  const dialog = h(
    'dialog',
    { class: 'dialog dialog-small', 'aria-labelledby': 'help-title' },
    h('h2', { class: 'dialog-title', id: 'help-title' }, 'Keyboard'),
    h(
      'dl',
      { class: 'keys' },
      KEYS.flatMap(([key, what]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)]),
    ),
    h(
      'div',
      { class: 'dialog-buttons' },
      h('button', { type: 'button', class: 'button', onclick: again }, 'Show hints again'),
      h(
        'button',
        { type: 'button', class: 'button button-primary', onclick: close, autofocus: true },
        'Close',
      ),
    ),
  );
  dialog.addEventListener('cancel', () => dialog.remove());
  showDialog(dialog);
}
