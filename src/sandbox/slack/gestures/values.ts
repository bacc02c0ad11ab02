import { ControlError } from '../../part.ts';
import { type Entered, enteredState, forgedState } from '../elements.ts';
import type { JsonObject, Person, View } from '../model.ts';
import { isObject, placedElements } from '../normalise.ts';
import type { GestureContext } from './context.ts';

/**
 * Puts what a person typed and chose into the view's state. Throws ControlError for fields that the view does not
 * have and options that were not offered, unless `bypassClient`: then they are taken as a forged client sends them.
 */
export function enterValues(
  context: GestureContext,
  person: Person,
  view: View,
  values: JsonObject,
  bypassClient: boolean,
): void {
  const placed = placedElements(view.blocks);
  for (const [blockId, actions] of Object.entries(values)) {
    if (!isObject(actions)) throw new ControlError(`values.${blockId} must be { action_id: value }`);
    for (const [actionId, entered] of Object.entries(actions)) {
      if (!isEntered(entered)) {
        throw new ControlError(
          `values.${blockId}.${actionId} must be text, a list of option values, or null`,
        );
      }
      const found = placed.find(
        (candidate) => candidate.blockId === blockId && candidate.actionId === actionId,
      );
      if (found === undefined && !bypassClient)
        throw new ControlError(`the view has no field ${blockId}/${actionId}`);
      const element = found?.element ?? { type: 'plain_text_input' };
      const offered = context.offered.get(`${person.id} ${actionId}`) ?? [];
      const state =
        enteredState(element, entered, offered) ?? (bypassClient ? forgedState(element, entered) : undefined);
      if (state === undefined)
        throw new ControlError(`${String(entered)} is not one of the options of ${actionId}`);
      (view.state.values[blockId] ??= {})[actionId] = state;
    }
  }
  context.workspace.changed();
}

function isEntered(value: unknown): value is Entered {
  return (
    value === null ||
    typeof value === 'string' ||
    (Array.isArray(value) && value.every((item) => typeof item === 'string'))
  );
}
