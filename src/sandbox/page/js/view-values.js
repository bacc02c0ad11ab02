/** What a modal's fields hold, as the control interface wants it. */

/** @import { View, ViewValues } from './types.d.ts' */

/**
 * What somebody changed, empty fields as null; the server knows the initial values itself.
 * @param {View} view
 * @param {ViewValues} typed
 * @returns {Record<string, Record<string, string | string[] | null>>}
 */
export function changedValues(view, typed) {
  const present = new Set(view.blocks.map((block) => block.block_id));
  return Object.fromEntries(
    Object.entries(typed)
      .filter(([blockId]) => present.has(blockId))
      .map(([blockId, actions]) => [
        blockId,
        Object.fromEntries(Object.entries(actions).map(([id, value]) => [id, value === '' ? null : value])),
      ]),
  );
}

/** Forgets what was typed in blocks that the updated view no longer has. @param {ViewValues} typed @param {View} view */
export function prune(typed, view) {
  const present = new Set(view.blocks.map((block) => block.block_id));
  for (const blockId of Object.keys(typed)) if (!present.has(blockId)) delete typed[blockId];
}

/**
 * What the server holds for a field: the initial value, or what was entered before this page was opened.
 * @param {View} view @param {string} blockId @param {string} actionId
 * @returns {string | string[] | undefined}
 */
export function heldValue(view, blockId, actionId) {
  const state = view.state?.values?.[blockId]?.[actionId];
  if (!state) return undefined;
  if (state.selected_options) return state.selected_options.map(({ value }) => value);
  return state.value ?? state.selected_option?.value ?? state.selected_user ?? undefined;
}
