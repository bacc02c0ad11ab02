import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, TOOLS } from './paths.mjs';
import { run, secondsSince } from './run.mjs';

// Two at a time, the slowest first: the machine this is measured for has two cores.
const AT_ONCE = 2;

const CODE = ['src', 'bench', 'bin', 'scripts'].filter((folder) => existsSync(join(ROOT, folder)));

const CHECKS = [
  {
    name: 'import rules',
    args: [TOOLS.depcruise, '--config', '.dependency-cruiser.mjs', '--output-type', 'err', ...CODE],
  },
  {
    name: 'format',
    args: [TOOLS.prettier, '--check', '--log-level=warn', '--cache', '--cache-location=.cache/prettier', '.'],
  },
  {
    name: 'types',
    args: [
      TOOLS.tsc,
      '--noEmit',
      '--project',
      'tsconfig.json',
      '--incremental',
      '--tsBuildInfoFile',
      '.cache/types.tsbuildinfo',
    ],
  },
  { name: 'page types', args: [TOOLS.tsc, '--project', 'tsconfig.page.json'] },
  { name: 'lint', args: [TOOLS.oxlint, '--type-aware', '--deny-warnings'] },
  { name: 'dead code', args: [TOOLS.knip, '--no-progress', '--cache', '--cache-location=.cache/knip'] },
];

/** Runs every check, says how each ended as it ends, and answers the names of those that failed. */
export async function staticChecks(say) {
  const waiting = [...CHECKS];
  const failed = [];
  const next = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const start = performance.now();
      const { ok, output } = await run(process.execPath, check.args);
      say(`${check.name.padEnd(14)}${ok ? 'ok' : 'FAILED'}  ${secondsSince(start)}`);
      if (ok) continue;
      failed.push(check.name);
      say(output.trimEnd());
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return failed;
}
