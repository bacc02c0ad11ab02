/** A modal's input block: label, element, hint, and the error under it. */
import { element } from './elements.js';
import { h, icon } from './dom.js';
import { plainText } from './mrkdwn.js';

/** @import { Block, BlockContext } from './types.d.ts' */

const GROUPS = new Set(['radio_buttons', 'checkboxes']);

/** @param {Block} block @param {BlockContext} context @returns {HTMLElement} */
export function inputBlock(block, context) {
  const item = block.element;
  if (!item) return h('p', { class: 'block-unknown' }, '(An input block without an element.)');
  const id = `field-${block.block_id}`;
  const error = context.inputs?.error(block.block_id ?? '');
  const described = [error && `${id}-error`, block.hint && `${id}-hint`].filter(Boolean).join(' ');
  const label = h(
    GROUPS.has(item.type) ? 'div' : 'label',
    { class: 'field-label', id: `${id}-label`, for: GROUPS.has(item.type) ? undefined : id },
    plainText(block.label?.text ?? ''),
    block.optional && h('span', { class: 'field-optional' }, ' (optional)'),
  );
  const control = element(item, block, context, {
    id,
    labelledBy: `${id}-label`,
    describedBy: described || undefined,
    invalid: error !== undefined,
    required: !block.optional,
  });
  return h(
    'div',
    { class: error ? 'field field-invalid' : 'field' },
    label,
    control,
    error &&
      h(
        'p',
        { class: 'field-error', id: `${id}-error`, role: 'alert' },
        icon('warning'),
        h('span', {}, error),
      ),
    block.hint && h('p', { class: 'field-hint', id: `${id}-hint` }, plainText(block.hint.text)),
  );
}
