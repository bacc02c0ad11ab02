// bench/ is typed against src/ and runs dist/: it measures what people start.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

const SRC = new URL('../../src/', import.meta.url).href;
const DIST = new URL('../../dist/', import.meta.url).href;
const BENCH = new URL('../', import.meta.url).href;

export function resolve(specifier, context, next) {
  if (!specifier.startsWith('.')) return next(specifier, context);
  const { href } = new URL(specifier, context.parentURL);
  if (!href.startsWith(SRC)) return next(specifier, context);
  const built = href.replace(SRC, DIST).replace(/\.ts$/, '.js');
  return next(built, context);
}

export async function load(url, context, next) {
  if (!url.startsWith(BENCH) || !url.endsWith('.ts')) return next(url, context);
  const { code } = await transform(await readFile(fileURLToPath(url), 'utf8'), {
    filename: fileURLToPath(url),
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript' },
      transform: { verbatimModuleSyntax: true },
    },
    module: { type: 'es6' },
    sourceMaps: 'inline',
  });
  return { format: 'module', shortCircuit: true, source: code };
}
