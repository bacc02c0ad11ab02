/** A value of an XML document: an array repeats its element, undefined leaves it out. */
export type XmlValue = string | number | boolean | undefined | XmlTree | readonly XmlValue[];
export interface XmlTree {
  readonly [element: string]: XmlValue;
}

/** `<root xmlns="namespace">…</root>` with an XML declaration. */
export function xmlDocument(root: string, namespace: string | undefined, content: XmlTree): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${inner(content)}</${root}>`;
}

function inner(tree: XmlTree): string {
  return Object.entries(tree)
    .map(([name, value]) => element(name, value))
    .join('');
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (isList(value)) return value.map((item) => element(name, item)).join('');
  return `<${name}>${typeof value === 'object' ? inner(value) : escapeText(String(value))}</${name}>`;
}

function isList(value: XmlValue): value is readonly XmlValue[] {
  return Array.isArray(value);
}

function escapeText(text: string): string {
  return text.replace(/[&<>"'\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Text of the first element of that name, or undefined; enough for the small documents that S3 clients send. */
export function elementText(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>\\s*([^<]*?)\\s*</${name}>`).exec(xml)?.[1];
}
