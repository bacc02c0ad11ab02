/** An example to fill a form in with, so that a newcomer has nothing to invent. Slack has no such thing; this page may. */

/** @import { Store } from './store.js' */
/** @import { Block, View, ViewValues } from './types.d.ts' */

/** By what a field's label says. @type {readonly [RegExp, (store: Store, block: Block) => string | undefined][]} */
const ANSWERS = [
  [/address you come from/i, ({ probe }) => probe?.address],
  [/how long/i, () => '60s'],
  [/why/i, () => 'Settlement queue is stuck; restart its consumer from the console'],
  [/link to the incident/i, incidentFor],
];

/**
 * @param {View} view @param {Store} store
 * @returns {ViewValues | undefined} A value for each field that is not filled in already; nothing when one is not known.
 */
export function exampleFor(view, store) {
  /** @type {ViewValues} */
  const values = {};
  const open = view.blocks.filter(({ type, element }) => type === 'input' && !element?.initial_option);
  for (const block of open) {
    const value = block.optional && block.element?.options ? '' : answer(block, store);
    if (value === undefined) return undefined;
    values[block.block_id ?? ''] = { [block.element?.action_id ?? '']: value };
  }
  return open.length > 0 ? values : undefined;
}

/** @param {Block} block @param {Store} store @returns {string | undefined} */
function answer(block, store) {
  const [, known] = ANSWERS.find(([label]) => label.test(block.label?.text ?? '')) ?? [];
  return known ? known(store, block) : block.element?.options?.[0]?.value;
}

/** The field's hint names the states that an incident may be in. @param {Store} store @param {Block} block */
function incidentFor({ incidents }, { hint }) {
  return incidents.find(({ status }) => hint?.text.includes(status))?.html_url;
}
