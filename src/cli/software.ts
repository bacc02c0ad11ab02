import { readFileSync } from 'node:fs';

/** What runs here, for people and for the record: `0.1.0`, or `0.1.0+1a2b3c4d5e6f` where the build knew its commit. */
export function software(): string {
  const { version } = JSON.parse(read('../../package.json') ?? '{}') as { version?: string };
  const commit = read('../build-commit')?.trim() ?? '';
  return `${version ?? 'unknown'}${commit === '' ? '' : `+${commit}`}`;
}

/** Written by the build; a build from sources that are in no commit writes none. */
function read(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, import.meta.url), 'utf8');
  } catch {
    return undefined;
  }
}
