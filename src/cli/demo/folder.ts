import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { generateKey, LogError, parseVkey, pemSigner, ROLES, type Role } from '../../log/index.ts';

export const DEPLOYMENT = 'demo';

type ByRole = Readonly<Record<Role, string>>;

export type Keys = {
  /** Files of the private keys that the roles sign with. */
  readonly paths: ByRole;
  /** Verifier keys that the log is begun with. Trust begins there: the log itself says which have followed. */
  readonly vkeys: ByRole;
};

/** Both roles' first keys, made at the first start. `<role>.vkey` stays what it is, whatever becomes of the private keys. */
export async function signingKeys(folder: string): Promise<Keys> {
  const keys = keysIn(folder);
  await mkdir(keys, { recursive: true, mode: 0o700 });
  const paths = { bot: join(keys, 'bot.pem'), worker: join(keys, 'worker.pem') };
  const vkeys = { bot: '', worker: '' };
  for (const role of ROLES) {
    const firstVkey = join(keys, `${role}.vkey`);
    if (!existsSync(firstVkey)) {
      await createFile(paths[role], generateKey());
      await createFile(firstVkey, `${vkeyOfPem(await readFile(paths[role], 'utf8'))}\n`);
    }
    vkeys[role] = parseVkey((await readFile(firstVkey, 'utf8')).trim()).text;
  }
  return { paths, vkeys };
}

/**
 * The keys after replacements: each role signs with the file in the folder that holds its newest key. `newest` asks the log
 * for the verifier keys, and is called only where there are files besides the first.
 */
export async function keysInUse(
  folder: string,
  { paths, vkeys }: Keys,
  newest: () => Promise<ByRole | undefined>,
): Promise<Keys> {
  const held = await privateKeys(keysIn(folder));
  if (held.every(({ path }) => Object.values(paths).includes(path))) return { paths, vkeys };
  const known = await newest();
  const pathOf = (role: Role): string => held.find(({ vkey }) => vkey === known?.[role])?.path ?? paths[role];
  return { paths: { bot: pathOf('bot'), worker: pathOf('worker') }, vkeys };
}

const keysIn = (folder: string): string => join(folder, 'keys');

/** A verifier key is the same for either role. LogError `malformed` for what is no private key of this kind. */
const vkeyOfPem = (pem: string): string => pemSigner('bot', DEPLOYMENT, pem).vkey;

type Held = { readonly path: string; readonly vkey: string };

async function privateKeys(folder: string): Promise<Held[]> {
  const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
  const held: Held[] = [];
  for (const { name } of files) {
    const path = join(folder, name);
    try {
      held.push({ path, vkey: vkeyOfPem(await readFile(path, 'utf8')) });
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
    }
  }
  return held;
}

async function createFile(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

const PROBE = /^(\s*probe:\s*).*$/m;

/**
 * The example workflows, as an operator would deploy them: with this world's CA beside them, and with `probe` naming where
 * the guarded service is reached from inside. Nothing else is changed.
 */
export async function deployWorkflows(
  from: string,
  folder: string,
  ca: string,
  probe: string,
): Promise<string> {
  const to = join(folder, 'workflows');
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  const files = (await readdir(from)).filter((name) => name.endsWith('.yaml'));
  for (const file of files) {
    const text = await readFile(join(from, file), 'utf8');
    await writeFile(join(to, file), text.replace(PROBE, `$1"${probe}"`));
  }
  await cp(ca, join(to, 'ca'), { recursive: true });
  return to;
}
