import type { Block } from '@slack/types';
import { newBlockId } from './identifiers.ts';
import type { JsonObject } from './model.ts';

/** An interactive element, with the ids that it has once Slack has taken it in. */
export interface PlacedElement {
  blockId: string;
  block: JsonObject;
  actionId: string;
  element: JsonObject;
}

/** The blocks with the ids filled in that the app left out, as Slack hands them back. */
export function withIdentifiers(blocks: readonly Block[]): Block[] {
  return blocks.map((block) => {
    const copy = { ...structuredClone(block), block_id: block.block_id ?? newBlockId() };
    for (const element of interactiveElements(copy)) element['action_id'] ??= newBlockId();
    return copy;
  });
}

/** Every element that a person can use, in the order in which they appear. */
export function placedElements(blocks: readonly Block[]): PlacedElement[] {
  return blocks.flatMap((block) =>
    interactiveElements(block).map((element) => ({
      blockId: String(block.block_id),
      block: asObject(block),
      actionId: String(element['action_id']),
      element,
    })),
  );
}

function interactiveElements(block: Block): JsonObject[] {
  const fields = asObject(block);
  const candidates =
    block.type === 'actions'
      ? fields['elements']
      : block.type === 'input'
        ? [fields['element']]
        : [fields['accessory']];
  if (!Array.isArray(candidates)) return [];
  return candidates.filter(isObject).filter((element) => element['type'] !== 'image');
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asObject(block: Block): JsonObject {
  return block as unknown as JsonObject;
}
