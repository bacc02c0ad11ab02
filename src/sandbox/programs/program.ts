import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A program of somebody else's that was found on this machine, ready to be started. */
export interface Program {
  /** Absolute path. */
  readonly command: string;
  /** What it must always be given. */
  readonly args: readonly string[];
  /** What its environment needs beyond ours. */
  readonly env: Readonly<Record<string, string>>;
}

/** Says one line of progress to whoever waits. */
export type Say = (line: string) => void;

/** The one line a person needs: what is missing and what to install. */
export class ProgramMissing extends Error {
  override readonly name = 'ProgramMissing';
}

/** The same from src/ and from dist/. */
const CHECKOUT = fileURLToPath(new URL('../../../', import.meta.url));

/** What can be thrown away and made again: fetched programs, data of local runs. */
export const CACHE = join(CHECKOUT, '.cache');

export const sayOnStderr: Say = (line) => {
  process.stderr.write(`${line}\n`);
};

/** The first of `names` that is an executable file on PATH, as an absolute path. */
export function onPath(names: readonly string[], path = process.env['PATH'] ?? ''): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
