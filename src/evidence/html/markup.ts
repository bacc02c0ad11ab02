/** Markup that is safe to show; made by `html` alone. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Html | string | number | readonly Part[] | null;

/** Everything that is not markup already is text, whoever typed it. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, i) => text + shown(parts[i - 1] ?? null) + string));
}

function shown(part: Part): string {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(shown).join('');
  return escaped(String(part));
}

// eslint-disable-next-line no-control-regex -- these are the characters to remove
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]|\p{Cs}/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** WHATWG HTML, "text" and "attributes": these five, so that it fits in either. Controls are no characters of a document. */
const escaped = (text: string): string =>
  text.replaceAll(CONTROLS, '\ufffd').replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** Typed by somebody: keeps its line ends, and turns nothing around it. */
export const typed = (text: string): Html => html`<bdi class="typed">${text}</bdi>`;

export const code = (text: string): Html => html`<code>${text}</code>`;

/** A link that a person may follow; its text alone where it is no web address. */
export function link(url: string, text: string): Html {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol !== 'https:' && protocol !== 'http:') return typed(text);
  return html`<a href="${new URL(url).href}" rel="noopener noreferrer">${typed(text)}</a>`;
}
