/** `<…>` or `<…|label>`; a mark with nothing in it, or not closed before the next, is none. */
const MARK = /<([^<>|]+)(?:\|([^<>]*))?>/g;

/**
 * What Slack's markup shows people, as plain text (docs.slack.dev/messaging/formatting-message-text): marks around links,
 * mentions and dates, then the three entities, once. `nameOf` knows an account of the thread's workspace by name. Nothing
 * that was written is trusted: the text is still somebody's, and has to be escaped by whoever shows it.
 */
export const plainText = (text: string, nameOf: (user: string) => string | undefined): string =>
  text
    .replaceAll(MARK, (_, target: string, label: string | undefined) => shown(target, label, nameOf))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

function shown(
  target: string,
  label: string | undefined,
  nameOf: (user: string) => string | undefined,
): string {
  if (target.startsWith('!date^')) return label ?? target;
  if (target.startsWith('@')) return `@${nameOf(target.slice(1)) ?? target.slice(1)}`;
  if (target.startsWith('!') && label === undefined) return `@${target.slice(1)}`;
  return label === undefined || label === '' ? target : `${label} (${target})`;
}
