import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes below a folder that is made only when it turns out to be missing: the first time, and after a reset. */
export async function inFolder(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    await write();
  }
}
