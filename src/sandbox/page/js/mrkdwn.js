/**
 * Slack's mrkdwn as DOM. The rules are those of Slack's "Formatting text for app surfaces": `<…>` are links, mentions
 * and dates, `&amp; &lt; &gt;` are the only entities, everything else is literal.
 */
import { h, spoken } from './dom.js';
import { emoji } from './emoji.js';
import { onThisPage } from './permalinks.js';
import { slackDate } from './slack-date.js';

/** @import { Directory, TextObject } from './types.d.ts' */

/**
 * @param {TextObject} text
 * @param {Directory} directory
 * @returns {Node[]}
 */
export function textObject(text, directory) {
  if (text.type === 'plain_text') return plainText(text.text);
  return mrkdwn(text.text, directory, { verbatim: text.verbatim ?? false });
}

/** plain_text knows emoji and line breaks, nothing else. @param {string} text @returns {Node[]} */
export function plainText(text) {
  return lines(text).flatMap((line, index) => [
    ...(index > 0 ? [h('br')] : []),
    ...splitEmoji(line).map((part) => document.createTextNode(part)),
  ]);
}

/**
 * @param {string} text
 * @param {Directory} directory
 * @param {{ verbatim?: boolean }} [options] verbatim: bare addresses stay plain text.
 * @returns {Node[]}
 */
export function mrkdwn(text, directory, options = {}) {
  const context = { directory, verbatim: options.verbatim ?? false };
  /** @type {Node[]} */
  const nodes = [];
  text.split(/```\n?([\s\S]+?)\n?```/).forEach((part, index) => {
    if (index % 2 === 1) nodes.push(h('pre', {}, h('code', {}, literal(part))));
    else nodes.push(...quotesAndLines(index > 0 ? part.replace(/^\n/, '') : part, context));
  });
  return nodes;
}

/** @typedef {{ directory: Directory, verbatim: boolean }} Context */

/** @param {string} text @param {Context} context @returns {Node[]} */
function quotesAndLines(text, context) {
  /** @type {Node[]} */
  const nodes = [];
  /** @type {{ quoted: boolean, lines: string[] }[]} */
  const runs = [];
  let restQuoted = false;
  for (const line of lines(text)) {
    const rest = /^(?:>>>|&gt;&gt;&gt;)\s?(.*)$/.exec(line);
    const quote = /^(?:>|&gt;)\s?(.*)$/.exec(line);
    if (rest) restQuoted = true;
    const quoted = restQuoted || quote !== null;
    const content = rest?.[1] ?? (restQuoted ? line : (quote?.[1] ?? line));
    const last = runs.at(-1);
    if (last && last.quoted === quoted) last.lines.push(content);
    else runs.push({ quoted, lines: [content] });
  }
  for (const run of runs) {
    const content = run.lines.flatMap((line, index) => [
      ...(index > 0 ? [h('br')] : []),
      ...inline(line, context),
    ]);
    if (run.quoted) nodes.push(h('blockquote', {}, content));
    else nodes.push(...content);
  }
  return nodes;
}

// Sticky, tried at each position in this order.
const CODE = /`([^`\n]+)`/y;
const CONTROL = /<([^<>\n]+)>/y;
const BARE_LINK = /https?:\/\/[^\s<>|]*[^\s<>|.,;:!?)\]'"*_~`]/y;
const EMOJI_NAME = /:([a-z0-9_+-]+):/y;
const STYLES = /** @type {const} */ ([
  { mark: '*', tag: 'strong' },
  { mark: '_', tag: 'em' },
  { mark: '~', tag: 's' },
]);

/** @param {string} line @param {Context} context @returns {Node[]} */
function inline(line, context) {
  /** @type {Node[]} */
  const nodes = [];
  let plain = '';
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(literal(plain)));
    plain = '';
  };
  for (let at = 0; at < line.length;) {
    const found =
      code(line, at) ??
      control(line, at, context) ??
      bareLink(line, at, context) ??
      symbol(line, at) ??
      styled(line, at, context);
    if (found) {
      flush();
      nodes.push(found.node);
      at = found.end;
    } else {
      plain += line[at];
      at += 1;
    }
  }
  flush();
  return nodes;
}

/** @typedef {{ node: Node, end: number } | undefined} Found */

/** @param {RegExp} pattern @param {string} text @param {number} at */
function matchAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** @param {string} line @param {number} at @returns {Found} */
function code(line, at) {
  const match = matchAt(CODE, line, at);
  return match ? { node: h('code', {}, literal(match[1] ?? '')), end: at + match[0].length } : undefined;
}

/** @param {string} line @param {number} at @param {Context} context @returns {Found} */
function control(line, at, context) {
  const match = matchAt(CONTROL, line, at);
  return match
    ? { node: controlNode(match[1] ?? '', context.directory), end: at + match[0].length }
    : undefined;
}

/** @param {string} line @param {number} at @param {Context} context @returns {Found} */
function bareLink(line, at, context) {
  if (context.verbatim || isWord(line[at - 1])) return undefined;
  const match = matchAt(BARE_LINK, line, at);
  return match ? { node: link(literal(match[0]), literal(match[0])), end: at + match[0].length } : undefined;
}

/** @param {string} line @param {number} at @returns {Found} */
function symbol(line, at) {
  const match = matchAt(EMOJI_NAME, line, at);
  const glyph = match && emoji(match[1] ?? '');
  return match && glyph ? { node: document.createTextNode(glyph), end: at + match[0].length } : undefined;
}

/** A mark opens at the start of a word and closes at the end of one. @param {string} line @param {number} at @param {Context} context @returns {Found} */
function styled(line, at, context) {
  const style = STYLES.find(({ mark }) => mark === line[at]);
  if (!style || isWord(line[at - 1]) || /^\s?$/.test(line[at + 1] ?? '') || line[at + 1] === style.mark)
    return undefined;
  for (let end = line.indexOf(style.mark, at + 1); end > 0; end = line.indexOf(style.mark, end + 1)) {
    if (/\s/.test(line[end - 1] ?? '') || isWord(line[end + 1])) continue;
    return { node: h(style.tag, {}, inline(line.slice(at + 1, end), context)), end: end + 1 };
  }
  return undefined;
}

/** @param {string | undefined} character */
const isWord = (character) => character !== undefined && /[\p{L}\p{N}]/u.test(character);

/** @param {string} content What stood between `<` and `>`. @param {Directory} directory @returns {Node} */
function controlNode(content, directory) {
  const bar = content.indexOf('|');
  const target = bar < 0 ? content : content.slice(0, bar);
  const label = bar < 0 ? undefined : literal(content.slice(bar + 1));
  if (target.startsWith('@'))
    return mention(`@${directory.person(target.slice(1)) ?? label ?? target.slice(1)}`);
  if (target.startsWith('#'))
    return mention(`#${directory.channel(target.slice(1)) ?? label ?? target.slice(1)}`);
  if (target.startsWith('!')) return special(target.slice(1), label, directory);
  return link(literal(target), label ?? literal(target));
}

/** @param {string} command @param {string | undefined} label @param {Directory} directory @returns {Node} */
function special(command, label, directory) {
  const [name = '', first = '', second = '', third] = command.split('^');
  if (name === 'subteam') {
    const handle = directory.group(first) ?? label?.replace(/^@/, '') ?? first;
    return mention(`@${handle}`);
  }
  if (name === 'date') {
    const shown = slackDate(Number(first), literal(second)) ?? label ?? first;
    const time = h('time', { datetime: isoOrNothing(Number(first)), title: label }, shown);
    return third ? link(literal(third), time) : time;
  }
  if (['here', 'channel', 'everyone'].includes(name)) return mention(`@${name}`, 'mention mention-loud');
  return document.createTextNode(label ?? `<${command}>`);
}

/** @param {number} seconds */
function isoOrNothing(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** @param {string} text */
const mention = (text, className = 'mention') => h('span', { class: className }, text);

/** Only addresses that a browser should follow become links. @param {string} address @param {Node | string} label @returns {Node} */
function link(address, label) {
  if (!/^(https?:\/\/|mailto:)/i.test(address)) return h('span', {}, label);
  const here = onThisPage(address);
  if (here) return h('a', { href: here }, label);
  return h(
    'a',
    { href: address, target: '_blank', rel: 'noopener noreferrer' },
    label,
    spoken(' (opens in a new tab)'),
  );
}

/** Undoes Slack's three escapes. @param {string} text */
export const literal = (text) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** @param {string} text */
const lines = (text) => text.split('\n');

/** @param {string} text @returns {string[]} */
function splitEmoji(text) {
  return [text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name) ?? whole)];
}
