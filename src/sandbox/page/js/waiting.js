/** What waits for a person: requests they may approve, and what was said to them alone. */

/** @import { Store } from './store.js' */
/** @import { BlockElement, Message } from './types.d.ts' */

/** @param {Store} store @param {string} person @returns {number} */
export function waitingFor(store, person) {
  const channels = store.visibleChannels(person);
  const approvals = channels
    .flatMap(({ id }) => store.visible(id, person))
    .filter((message) => awaits(store, message, person));
  const personal = channels.flatMap((channel) =>
    store.unread(person, channel.id).filter((message) => message.onlyFor === person || channel.isIm),
  );
  return new Set([...approvals, ...personal].map(({ ts }) => ts)).size;
}

/** @param {Store} store @param {string} person @returns {string | undefined} The channel with a card that waits for them. */
export function channelAwaiting(store, person) {
  return store
    .visibleChannels(person)
    .find(({ id }) => store.visible(id, person).some((message) => awaits(store, message, person)))?.id;
}

/** @param {Store} store @param {Message} message @param {string} person */
function awaits(store, message, person) {
  if (!hasApproveButton(message)) return false;
  const text = JSON.stringify(message.blocks);
  const named = [...text.matchAll(/<@([A-Z0-9]+)/g)].map(([, id]) => id ?? '');
  // The card begins with who asks; nobody approves their own request.
  if (named[0] === person || hasApproved(text, person)) return false;
  const groups = [...text.matchAll(/<!subteam\^([A-Z0-9]+)/g)].map(([, id]) => id ?? '');
  const members = store.groups.filter(({ id }) => groups.includes(id)).flatMap(({ users }) => users);
  if (groups.length > 0) return members.includes(person) || named.slice(1).includes(person);
  return store.person(person)?.title === 'approver';
}

/** The card says when each approver approved. @param {string} text @param {string} person */
const hasApproved = (text, person) => text.includes(`<@${person}> at <!date`);

/** @param {Message} message */
function hasApproveButton({ blocks }) {
  return (blocks ?? []).some(
    ({ type, elements }) =>
      type === 'actions' && (elements ?? []).some((item) => isApprove(/** @type {BlockElement} */ (item))),
  );
}

/** @param {BlockElement} item */
const isApprove = (item) => item.type === 'button' && /approve/i.test(`${item.action_id} ${item.text?.text}`);
