import { createPrivateKey } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { generateKey, vkeyOf, type Role } from '../../log/index.ts';

export const DEPLOYMENT = 'demo';

export type Keys = {
  readonly paths: Readonly<Record<Role, string>>;
  readonly vkeys: Readonly<Record<Role, string>>;
};

/** Both roles' signing keys, made at the first start. */
export async function signingKeys(folder: string): Promise<Keys> {
  const keys = join(folder, 'keys');
  await mkdir(keys, { recursive: true, mode: 0o700 });
  const paths = { bot: join(keys, 'bot.pem'), worker: join(keys, 'worker.pem') };
  for (const path of Object.values(paths)) {
    await writeFile(path, generateKey(), { mode: 0o600, flag: 'wx' }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
  const vkey = async (path: string) => vkeyOf(DEPLOYMENT, createPrivateKey(await readFile(path)));
  return { paths, vkeys: { bot: await vkey(paths.bot), worker: await vkey(paths.worker) } };
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
