import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. It may have spaces in its path. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What can be thrown away and made again. */
export const CACHE = join(ROOT, '.cache');

export const DIST = join(ROOT, 'dist');

/** The JavaScript that a dependency's command runs, so that it can be started without a shell or a PATH. */
export const TOOLS = {
  depcruise: join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
  jest: join(ROOT, 'node_modules/jest/bin/jest.js'),
  knip: join(ROOT, 'node_modules/knip/bin/knip.js'),
  oxlint: join(ROOT, 'node_modules/oxlint/bin/oxlint'),
  prettier: join(ROOT, 'node_modules/prettier/bin/prettier.cjs'),
  tsc: join(ROOT, 'node_modules/typescript/bin/tsc'),
};
