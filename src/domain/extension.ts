import type { Extension, In } from './request.ts';
import { SECOND } from './time.ts';

/** With less than this left nothing is asked or decided about a later end any more: it would come too late. */
export const EXTENSION_MARGIN = 15 * SECOND;

/** Which ask for a later end comes next, or is under way: 1 for a window's first. Names it on the buttons. */
export const extensionNumber = ({ extended }: Pick<In<'open'>, 'extended'>): number => extended.length + 1;

/** Approved by as many as the opening needed, and not carried out yet. */
export function isGranted<W extends Pick<In<'open'>, 'asked' | 'extension'>>(
  request: W,
): request is W & { readonly extension: Extension } {
  const { extension, asked } = request;
  return (
    extension !== null && extension.denied === null && extension.approvals.length >= asked.approvalsNeeded
  );
}
