/** Block Kit blocks as Slack draws them. */
import { h } from './dom.js';
import { element } from './elements.js';
import { inputBlock } from './inputs.js';
import { plainText, textObject } from './mrkdwn.js';

/** @import { Block, BlockContext, BlockElement, TextObject } from './types.d.ts' */

/** @type {Record<string, (block: Block, context: BlockContext) => HTMLElement>} */
const BLOCKS = {
  header: (block) => h('h3', { class: 'block-header' }, plainText(block.text?.text ?? '')),
  divider: () => h('hr', { class: 'block-divider' }),
  section,
  context: (block, context) =>
    h(
      'div',
      { class: 'block-context' },
      (block.elements ?? []).map((item) => contextItem(item, context)),
    ),
  actions: (block, context) =>
    h(
      'div',
      { class: 'block-actions' },
      (block.elements ?? []).map((item) => element(/** @type {BlockElement} */ (item), block, context)),
    ),
  input: inputBlock,
  image: (block) => h('p', { class: 'block-unknown' }, `Image: ${block.alt_text ?? ''}`),
};

/** @param {Block} block @param {BlockContext} context @returns {HTMLElement} */
export function renderBlock(block, context) {
  const render = BLOCKS[block.type];
  return render
    ? render(block, context)
    : h('p', { class: 'block-unknown' }, `(This page does not draw “${block.type}” blocks.)`);
}

/** @param {Block} block @param {BlockContext} context */
function section(block, context) {
  const { directory } = context;
  return h(
    'div',
    { class: 'block-section' },
    h(
      'div',
      { class: 'section-body' },
      block.text && h('div', { class: 'section-text' }, textObject(block.text, directory)),
      block.fields &&
        h(
          'div',
          { class: 'section-fields' },
          block.fields.map((field) => h('div', { class: 'section-field' }, textObject(field, directory))),
        ),
    ),
    block.accessory && h('div', { class: 'section-accessory' }, element(block.accessory, block, context)),
  );
}

/** @param {BlockElement | TextObject} item @param {BlockContext} context */
function contextItem(item, context) {
  if (item.type === 'mrkdwn' || item.type === 'plain_text') {
    return h(
      'span',
      { class: 'context-item' },
      textObject(/** @type {TextObject} */ (item), context.directory),
    );
  }
  return h('span', { class: 'context-item' }, /** @type {BlockElement} */ (item).alt_text ?? '');
}
