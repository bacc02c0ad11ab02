import { readdirSync, readFileSync } from 'node:fs';

const EVERY_MS = 250;
const KIB_PER_MIB = 1024;

/** Samples the memory of a process and everything below it; `stop()` answers the peaks in words. Linux only. */
export function watchMemory(pid) {
  let wholeTree = 0;
  let largest = 0;
  const sample = () => {
    const sizes = treeOf(pid).map(residentKib);
    wholeTree = Math.max(
      wholeTree,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    largest = Math.max(largest, ...sizes);
  };
  const timer = process.platform === 'linux' ? setInterval(sample, EVERY_MS) : undefined;
  return {
    stop: () => {
      clearInterval(timer);
      if (timer === undefined) return 'memory not measured on this system';
      return `peak memory ${mib(wholeTree)} in all processes (shared pages counted in each), ${mib(largest)} in one`;
    },
  };
}

function treeOf(root) {
  const children = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

function parentOf(pid) {
  // The name in parentheses may itself hold spaces and parentheses; the parent is the second field after it.
  const fields = read(`/proc/${pid}/stat`).split(/\) (?=[^)]*$)/)[1];
  return fields === undefined ? undefined : Number(fields.split(' ')[1]);
}

function residentKib(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function mib(kib) {
  return `${Math.round(kib / KIB_PER_MIB)} MiB`;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
