import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { canUnpack, distribution, libraryPath, unpacked } from './debian.ts';
import {
  CACHE,
  isExecutable,
  onPath,
  ProgramMissing,
  sayOnStderr,
  type Program,
  type Say,
} from './program.ts';

const run = promisify(execFile);

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
// Chromium refuses to start its own sandbox as root and from a folder where its helper cannot be setuid.
// The tests show it nothing but pages of this project on 127.0.0.1.
const UNSANDBOXED = ['--no-sandbox'];
// What it writes beside its profile (crash reports, font caches) is not for the home folder.
const OWN_FOLDERS = {
  XDG_CONFIG_HOME: join(CACHE, 'chromium', 'config'),
  XDG_CACHE_HOME: join(CACHE, 'chromium', 'cache'),
};
const VERSION_TIMEOUT_MS = 20_000;

/**
 * A Chromium for browser tests: CHROME_PATH, PATH, or Debian's own package unpacked into `.cache/`. Throws
 * ProgramMissing.
 */
export async function findChromium(say: Say = sayOnStderr): Promise<Program> {
  const chosen = process.env['CHROME_PATH'];
  if (chosen) {
    if (!isExecutable(chosen))
      throw new ProgramMissing(`CHROME_PATH names ${chosen}, which is not a program.`);
    return { command: chosen, args: UNSANDBOXED, env: OWN_FOLDERS };
  }
  const installed = onPath(NAMES);
  if (installed && (await starts(installed, OWN_FOLDERS)))
    return { command: installed, args: UNSANDBOXED, env: OWN_FOLDERS };
  if (distribution().id === 'ubuntu') {
    throw new ProgramMissing(
      "Chromium is missing, and Ubuntu's package is only a stub for a snap: install Google Chrome's .deb, or set CHROME_PATH.",
    );
  }
  if (!canUnpack()) {
    throw new ProgramMissing(
      'Chromium is missing: install Chromium or Google Chrome, or set CHROME_PATH to its program.',
    );
  }
  try {
    return await program(await unpacked('chromium', say, complete));
  } catch (error) {
    throw new ProgramMissing(
      'Chromium is missing and could not be fetched: install it (sudo apt-get install chromium), or set CHROME_PATH.',
      { cause: error },
    );
  }
}

async function program(root: string): Promise<Program> {
  return {
    // Not usr/bin/chromium, a shell script that looks for its files in the system's folders.
    command: join(root, 'usr/lib/chromium/chromium'),
    args: UNSANDBOXED,
    env: { ...OWN_FOLDERS, ...(await libraryPath(root)), FONTCONFIG_FILE: join(root, 'fonts.conf') },
  };
}

async function complete(root: string): Promise<void> {
  await writeFile(join(root, 'fonts.conf'), FONTS);
  const { command, env } = await program(root);
  if (!(await starts(command, env))) throw new Error(`${command} does not start`);
}

async function starts(command: string, env: Readonly<Record<string, string>>): Promise<boolean> {
  return run(command, ['--version', ...UNSANDBOXED], {
    env: { ...process.env, ...env },
    timeout: VERSION_TIMEOUT_MS,
  }).then(
    () => true,
    () => false,
  );
}

/** Without it a machine that has no fonts of its own draws no text. Paths are relative to the file. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <include ignore_missing="yes">/etc/fonts/conf.d</include>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;
