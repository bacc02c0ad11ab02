/**
 * What a person typed, made harmless where Slack would read it as markup. Slack knows three entities and no way to
 * escape formatting characters (docs.slack.dev/messaging/formatting-message-text); zero-width characters count as word
 * boundaries there and would switch formatting on, so these characters become ones that look alike.
 */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  '*': '\u2217',
  _: '\u02cd',
  '~': '\u223c',
  '`': '\u02cb',
  '|': '\u2223',
};

/** Keeps `:name:` from becoming a symbol. */
const WORD_JOINER = '\u2060';
const EMOJI_START = /:(?=[\w+'-]+:)/g;

/** Characters that change how the text around them is read: controls, lone surrogates, bidirectional overrides. */
// eslint-disable-next-line no-control-regex -- these are the characters to remove
const MISLEADING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu;
const REPLACEMENT = '\ufffd';

/** Slack's three control characters as entities: for text of ours that goes into mrkdwn. */
export const escapeControl = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** As typed, for `plain_text`, which reads no markup: line ends made equal, misleading characters made visible. */
export const asTyped = (text: string): string =>
  text.replaceAll(/\r\n?|[\u2028\u2029]/g, '\n').replaceAll(MISLEADING, REPLACEMENT);

/** One line of somebody's text for mrkdwn: it cannot ping, link, format or break the line. At most `limit` characters before escaping. */
export function inline(text: string, limit = 150): string {
  const line = cut(asTyped(text).replaceAll(/\s+/g, ' ').trim(), limit);
  const harmless = line
    .replaceAll(/[*_~`|]/g, (mark) => LOOK_ALIKES[mark] ?? mark)
    .replaceAll(EMOJI_START, `:${WORD_JOINER}`);
  return escapeControl(harmless);
}

/** At most `limit` characters, the last one an ellipsis where something is missing. Counts code points. */
export function cut(text: string, limit: number): string {
  const characters = [...text];
  return characters.length <= limit ? text : `${characters.slice(0, limit - 1).join('')}…`;
}

/** An address a browser may follow, with a label; the label alone where it is none. */
export function link(url: string, label: string): string {
  const href = webAddress(url);
  return href === undefined ? inline(label) : `<${escapeControl(href)}|${inline(label)}>`;
}

/** Longer ones are no link of an incident system, and would crowd out the rest of the card. */
const URL_LIMIT = 1_000;

function webAddress(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  const encoded = href.replaceAll('|', '%7C');
  return encoded.length <= URL_LIMIT ? encoded : undefined;
}
