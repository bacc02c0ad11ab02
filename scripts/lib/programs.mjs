import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIST } from './paths.mjs';

// Folders whose tests start no program of somebody else's.
const ALONE = /(^|\/)test\/(unit|house-rules)(\/|$)/;

/** Finds or fetches what the selected tests start, so that no test waits for a download. */
export async function prepare(selection) {
  if (selection.length > 0 && selection.every((argument) => ALONE.test(argument))) return;
  const { findChromium } = await import(finder('find-chromium.js'));
  const { findRedis } = await import(finder('find-redis.js'));
  const { findCompiler, findSpin } = await import(finder('find-spin.js'));
  if (!process.env.REDIS_URL) await findRedis();
  await findChromium();
  await findSpin();
  await findCompiler();
}

function finder(name) {
  return pathToFileURL(join(DIST, 'sandbox/programs', name)).href;
}
