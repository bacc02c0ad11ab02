/** What every dialog of the page does: dimmed page, focus kept inside, back to where it was. */
import { h } from './dom.js';
import { plainText, textObject } from './mrkdwn.js';

/** @import { ConfirmObject, Directory } from './types.d.ts' */

const FOCUSABLE = 'a[href], button:not([disabled]), input:not([disabled]), select, textarea, [tabindex="0"]';

/**
 * Shows `dialog` over the dimmed page and keeps Tab inside it. The browser gives the focus back when it closes.
 * @param {HTMLDialogElement} dialog
 */
export function showDialog(dialog) {
  document.body.append(dialog);
  dialog.addEventListener('keydown', (event) => {
    if (event.key !== 'Tab') return;
    const stops = [...dialog.querySelectorAll(FOCUSABLE)].filter(
      (stop) => stop instanceof HTMLElement && stop.offsetParent !== null,
    );
    const [first, last] = [stops[0], stops.at(-1)];
    const leaving = event.shiftKey ? document.activeElement === first : document.activeElement === last;
    const to = event.shiftKey ? last : first;
    if (!leaving || !(to instanceof HTMLElement)) return;
    event.preventDefault();
    to.focus();
  });
  dialog.showModal();
}

/**
 * Asks before a click that carries a confirm object.
 * @param {ConfirmObject} question
 * @param {Directory} directory
 * @returns {Promise<boolean>}
 */
export function askToConfirm(question, directory) {
  return new Promise((resolve) => {
    const answer = (/** @type {boolean} */ yes) => {
      dialog.close();
      dialog.remove();
      resolve(yes);
    };
    const style = question.style === 'danger' ? 'button-danger' : 'button-primary';
    const dialog = h(
      'dialog',
      {
        class: 'dialog dialog-small',
        'aria-labelledby': 'confirm-title',
        'aria-describedby': 'confirm-text',
        role: 'alertdialog',
      },
      h(
        'h2',
        { id: 'confirm-title', class: 'dialog-title' },
        plainText(question.title?.text ?? 'Are you sure?'),
      ),
      h('div', { id: 'confirm-text', class: 'dialog-text' }, textObject(question.text, directory)),
      h(
        'div',
        { class: 'dialog-buttons' },
        h(
          'button',
          { type: 'button', class: 'button', onclick: () => answer(false) },
          plainText(question.deny?.text ?? 'Cancel'),
        ),
        h(
          'button',
          { type: 'button', class: `button ${style}`, onclick: () => answer(true) },
          plainText(question.confirm?.text ?? 'Yes'),
        ),
      ),
    );
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      answer(false);
    });
    showDialog(dialog);
  });
}
