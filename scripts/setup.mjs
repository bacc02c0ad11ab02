// Behind every pre-script: `node scripts/setup.mjs [--build]`. Imports nothing before the version of Node is known,
// because an old one would stop at syntax it does not understand instead of saying what to do.
const NEEDED = [20, 19];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  console.error(`Node ${process.versions.node} is too old: install Node ${NEEDED.join('.')} or newer.`);
  process.exit(1);
}

import('./lib/set-up.mjs')
  .then(({ setUp }) => setUp({ build: process.argv.includes('--build') }))
  .catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
