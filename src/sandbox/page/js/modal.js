/** The view on top for the current person, as a dialog. What is typed stays until the server closes the view. */
import { renderBlock } from './blocks.js';
import { control } from './control.js';
import { showDialog } from './dialogs.js';
import { h, icon, reconcile } from './dom.js';
import { exampleFor } from './example.js';
import { plainText } from './mrkdwn.js';
import { changedValues, heldValue, prune } from './view-values.js';

/** @import { Store } from './store.js' */
/** @import { BlockContext, ConfirmObject, View, ViewValues } from './types.d.ts' */

/** Slack's own words when an app did not answer. */
const TROUBLE = 'We had some trouble connecting. Try again?';

/** @param {Store} store @param {(confirm: ConfirmObject) => Promise<boolean>} confirm */
export function modals(store, confirm) {
  /** @type {{ owner: string, dialog: Modal } | undefined} */
  let shown;
  /** What was typed, by view; switching to another person and back loses nothing. @type {Map<string, ViewValues>} */
  const drafts = new Map();

  store.on(['view', 'me'], () => {
    const view = store.views[store.me];
    if (shown && (!view || shown.owner !== store.me || shown.dialog.id !== view.id)) {
      shown.dialog.dismiss();
      shown = undefined;
    }
    if (!view) return;
    const values = drafts.get(view.id) ?? {};
    drafts.set(view.id, values);
    if (shown) shown.dialog.update(view);
    else shown = { owner: store.me, dialog: new Modal(view, values, store, confirm) };
    for (const id of drafts.keys())
      if (!Object.values(store.views).some((open) => open.id === id)) drafts.delete(id);
  });
}

class Modal {
  /** @type {string} */ id;
  /** @type {View} */ #view;
  /** @type {ViewValues} */ #values;
  /** @type {Record<string, string>} */ #errors = {};
  /** @type {Store} */ #store;
  /** @type {string} */ #user;
  /** @type {BlockContext} */ #context;
  #busy = false;
  #title = h('h2', { class: 'dialog-title', id: 'modal-title' });
  #body = h('div', { class: 'modal-body' });
  #alert = h('p', { class: 'modal-alert', role: 'alert', hidden: true });
  #submit = h('button', { type: 'submit', class: 'button button-primary' });
  #close = h('button', { type: 'button', class: 'button' });
  #example = h(
    'button',
    { type: 'button', class: 'button button-example', onclick: () => this.#fillIn() },
    'Fill in an example',
  );
  /** How often that was pressed. */
  #examples = 0;
  #form = h('form', { class: 'modal-form', novalidate: true });
  #dialog = h('dialog', { class: 'dialog', 'aria-labelledby': 'modal-title' });

  /** @param {View} view @param {ViewValues} values @param {Store} store @param {(confirm: ConfirmObject) => Promise<boolean>} confirm */
  constructor(view, values, store, confirm) {
    this.id = view.id;
    this.#view = view;
    this.#values = values;
    this.#store = store;
    this.#user = store.me;
    this.#context = this.#blockContext(confirm);
    const x = h(
      'button',
      { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: () => void this.#dismissed() },
      icon('close'),
    );
    this.#close.addEventListener('click', () => void this.#dismissed());
    this.#form.append(
      h('header', { class: 'modal-head' }, this.#title, x),
      this.#body,
      h(
        'footer',
        { class: 'modal-foot' },
        this.#example,
        this.#alert,
        h('div', { class: 'dialog-buttons' }, this.#close, this.#submit),
      ),
    );
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submitted();
    });
    this.#dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      void this.#dismissed();
    });
    this.#dialog.append(this.#form);
    this.#draw();
    showDialog(this.#dialog);
    this.#focusFirst('input, select, textarea');
  }

  /** @param {View} view The same view after `views.update`: what stands in unchanged blocks stays. */
  update(view) {
    if (looksOf(view) === looksOf(this.#view)) return;
    prune(this.#values, view);
    this.#view = view;
    this.#errors = {};
    const focused = document.activeElement?.id;
    this.#draw();
    if (focused && !this.#dialog.contains(document.activeElement)) document.getElementById(focused)?.focus();
  }

  dismiss() {
    this.#dialog.close();
    this.#dialog.remove();
  }

  #draw() {
    const { title, submit, close, blocks } = this.#view;
    this.#title.replaceChildren(...plainText(title.text));
    this.#submit.hidden = !submit;
    this.#submit.replaceChildren(
      ...(this.#busy ? [document.createTextNode('Sending…')] : plainText(submit?.text ?? 'Submit')),
    );
    this.#submit.setAttribute('aria-disabled', String(this.#busy));
    this.#example.hidden = exampleFor(this.#view, this.#store) === undefined;
    this.#close.replaceChildren(...plainText(close?.text ?? (submit ? 'Cancel' : 'Close')));
    reconcile(
      this.#body,
      blocks.map((block, index) => {
        const key = block.block_id ?? `block ${index}`;
        return {
          key,
          version: JSON.stringify([block, this.#errors[key], this.#examples]),
          build: () => renderBlock(block, this.#context),
        };
      }),
    );
  }

  #fillIn() {
    Object.assign(this.#values, exampleFor(this.#view, this.#store));
    this.#errors = {};
    this.#examples += 1;
    this.#draw();
    this.#submit.focus();
  }

  async #submitted() {
    if (this.#busy) return;
    this.#busy = true;
    this.#say('');
    this.#draw();
    const values = changedValues(this.#view, this.#values);
    const answer = await control('slack/submit', { user: this.#user, view_id: this.id, values }).catch(
      (error) => ({ ok: false, text: error.message }),
    );
    this.#busy = false;
    this.#errors = answer.errors ?? {};
    this.#draw();
    if (Object.keys(this.#errors).length > 0) this.#focusFirst('.field-invalid :is(input, select, textarea)');
    else if (!answer.ok) this.#say(answer.text ?? TROUBLE);
  }

  async #dismissed() {
    const place = { user: this.#user, view_id: this.id };
    const answer = await control('slack/close', place).catch((error) => ({ ok: false, text: error.message }));
    if (!answer.ok) this.#say(answer.text ?? TROUBLE);
  }

  /** @param {string} text */
  #say(text) {
    this.#alert.hidden = text === '';
    this.#alert.textContent = text;
  }

  /** @param {string} selector */
  #focusFirst(selector) {
    const first = this.#body.querySelector(selector) ?? this.#close;
    if (first instanceof HTMLElement) first.focus();
  }

  /** @param {(confirm: ConfirmObject) => Promise<boolean>} confirm @returns {BlockContext} */
  #blockContext(confirm) {
    const store = this.#store;
    const at = () => ({ user: this.#user, view_id: this.id });
    return {
      surface: { kind: 'view', viewId: this.id },
      directory: store.directory(),
      confirm,
      act: async (item, block, choice) => {
        const values = changedValues(this.#view, this.#values);
        const click = { ...at(), action_id: item.action_id, block_id: block.block_id, values, ...choice };
        const answer = await control('slack/action', click).catch((error) => ({
          ok: false,
          text: error.message,
        }));
        this.#say(answer.ok ? '' : (answer.text ?? TROUBLE));
      },
      options: async (item, _block, value) => {
        const answer = await control('slack/options', { ...at(), action_id: item.action_id, value });
        if (answer.text) throw new Error(answer.text);
        return answer.options;
      },
      inputs: {
        read: (blockId, actionId) =>
          this.#values[blockId]?.[actionId] ?? heldValue(this.#view, blockId, actionId),
        write: (blockId, actionId, value) => {
          this.#values[blockId] = { ...this.#values[blockId], [actionId]: value };
        },
        error: (blockId) => this.#errors[blockId],
      },
    };
  }
}

/** Everything of a view but what was entered: a state that comes again, after a reconnect, changes nothing. @param {View} view */
const looksOf = ({ title, blocks, submit, close }) => JSON.stringify([title, blocks, submit, close]);
