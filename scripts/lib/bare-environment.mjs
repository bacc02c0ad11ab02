import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

// A POSIX system's basics, and on Debian its own package tools with what they call.
const BASICS = `
  sh bash env git basename cat chmod cp cut date dirname echo expr false find grep gunzip gzip head hostname id kill ln ls
  mkdir mktemp mv nice ps pwd readlink realpath rm rmdir sed seq setpriv sleep sort stat tail tar tee test touch tr true
  uname uniq wc which xargs xz zstd apt-get apt-config dpkg dpkg-deb dpkg-query gpgv gpgv2
`
  .trim()
  .split(/\s+/);

// How this machine reaches a package registry; nothing else of it may matter.
const NETWORK_VARIABLES =
  /^(https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_file|ssl_cert_dir|npm_config_(registry|.*:registry|cafile|ca|proxy|https_proxy|noproxy|strict_ssl))$/i;
const NETWORK_SETTINGS =
  /^\s*(registry|@[^:=]+:registry|\/\/[^=]+|cafile|ca(\[\])?|proxy|https-proxy|noproxy|strict-ssl)\s*=/;

/** An environment as of `env -i`: an own home, own tools on PATH, and of this machine only its way to a registry. */
export function bareEnvironment({ home, tools }) {
  mkdirSync(tools, { recursive: true });
  for (const name of ['npm', 'npx', ...BASICS]) {
    const path = find(name);
    if (path) symlinkSync(path, join(tools, name));
  }
  symlinkSync(process.execPath, join(tools, 'node'));
  writeFileSync(join(home, '.npmrc'), registrySettings());
  const network = Object.entries(process.env).filter(([name]) => NETWORK_VARIABLES.test(name));
  return { ...Object.fromEntries(network), HOME: home, PATH: tools };
}

function registrySettings() {
  const path = process.env.npm_config_userconfig ?? join(homedir(), '.npmrc');
  if (!existsSync(path)) return '';
  const lines = readFileSync(path, 'utf8').split('\n');
  return `${lines.filter((line) => NETWORK_SETTINGS.test(line)).join('\n')}\n`;
}

function find(name) {
  // Behind `npm run` the checkout's own tools come first on PATH; they are not the machine's.
  const folders = [dirname(process.execPath), ...(process.env.PATH ?? '').split(delimiter)];
  return folders
    .filter((folder) => folder !== '' && !folder.includes('node_modules'))
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
