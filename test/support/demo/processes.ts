import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One process of this machine. A pid may be another's by now, so it is known by when it started as well. */
export type Process = {
  readonly pid: number;
  readonly parent: number;
  readonly started: string;
  readonly command: string;
};

/** Every process below this one, at whatever depth. What has ended and is only waited for does not count. */
export function descendants(pid: number): Process[] {
  const all = running();
  const below = (parent: number): Process[] =>
    all.filter((each) => each.parent === parent).flatMap((each) => [each, ...below(each.pid)]);
  return below(pid);
}

export function stillRunning(processes: readonly Process[]): Process[] {
  const now = new Set(running().map(identity));
  return processes.filter((each) => now.has(identity(each)));
}

const identity = ({ pid, started }: Process): string => `${pid} ${started}`;

function running(): Process[] {
  return process.platform === 'linux' ? fromProc() : fromPs();
}

function fromProc(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // The name in parentheses may itself hold spaces and parentheses.
        const [, afterName = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) (?=[^)]*$)/);
        const fields = afterName.split(' ');
        if (fields[0] === 'Z') return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return [{ pid: Number(pid), parent: Number(fields[1]), started: fields[19] ?? '', command }];
      } catch {
        return [];
      }
    });
}

const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+ \S+ +\S+ \S+ \S+)\s+(.*)$/;

function fromPs(): Process[] {
  const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,lstart=,command='], { encoding: 'utf8' });
  return text.split('\n').flatMap((line) => {
    const [, pid, parent, state = '', started = '', command = ''] = PS_LINE.exec(line) ?? [];
    if (pid === undefined || state.startsWith('Z')) return [];
    return [{ pid: Number(pid), parent: Number(parent), started, command }];
  });
}
