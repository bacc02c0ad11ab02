import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Source {
  /** From the checkout, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript and JavaScript file below the named folders of the checkout. */
export async function sourcesBelow(...folders: string[]): Promise<readonly Source[]> {
  const paths = await Promise.all(folders.map((folder) => filesBelow(join(ROOT, folder))));
  return Promise.all(
    paths
      .flat()
      .filter((path) => /\.(ts|mts|js|mjs)$/.test(path))
      .map(async (path) => ({
        path: relative(ROOT, path).split(sep).join('/'),
        text: await readFile(path, 'utf8'),
      })),
  );
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
