import { appendFileSync } from 'node:fs';

const DIST = new URL('../../dist/', import.meta.url).href;

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  if (context.parentURL?.startsWith(DIST) && resolved.url.includes('/node_modules/'))
    appendFileSync(process.env.BENCH_TRACE, `${resolved.url}\n`);
  return resolved;
}
