import { isMap, isPair, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml';

export type Path = readonly PropertyKey[];
export type Position = { readonly line: number; readonly column: number };

/** A YAML text with the way back from a value to its line. */
export type Parsed = {
  readonly value: unknown;
  readonly errors: readonly (Position & { readonly text: string })[];
  /** Of the value at the path, or of the nearest thing around it that exists. */
  positionOf(path: Path): Position;
  /** Of the key itself rather than its value. */
  positionOfKey(path: Path): Position;
};

/** YAML 1.2, one document, no key twice. Warnings count as errors: a policy file has no room for guesses. */
export function parseYaml(text: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const errors = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    ...position(pos[0]),
    text: message,
  }));
  const read = errors.length === 0 ? valueOf(document) : { value: undefined };
  if (read === undefined)
    errors.push({ line: 1, column: 1, text: 'must do without aliases that stand for this much' });
  return {
    value: read?.value,
    errors,
    positionOf: (path) => position(offsetOf(document, path)),
    positionOfKey: (path) => position(keyOffset(document, path) ?? offsetOf(document, path)),
  };
}

/** Aliases are resolved, but a file cannot blow itself up with them: then the library throws. */
function valueOf(document: Document): { value: unknown } | undefined {
  try {
    return { value: document.toJS({ maxAliasCount: 20 }) };
  } catch {
    return undefined;
  }
}

function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const offset = (node as Node | undefined)?.range?.[0];
    if (offset !== undefined) return offset;
  }
  return 0;
}

function keyOffset(document: Document, path: Path): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find(
    (item) => isPair(item) && isScalar(item.key) && item.key.value === path.at(-1),
  );
  return (pair?.key as Node | undefined)?.range?.[0];
}
