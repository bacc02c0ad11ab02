// What Node opens for itself and what cannot keep a process alive is not a leak.
const OWN = new Set([
  'TTYWrap',
  'MessagePort',
  'FSReqPromise',
  'FSReqCallback',
  'CloseReq',
  'Immediate',
  'WorkerThread',
]);

/** Whatever keeps this process alive right now, each in words, such as `server on 127.0.0.1:8443`. */
export function openResources() {
  const handles = process._getActiveHandles().map(describe).filter(Boolean);
  const rest = process.getActiveResourcesInfo().filter((type) => !OWN.has(type) && !type.endsWith('Wrap'));
  return [...handles, ...rest];
}

function describe(handle) {
  // Standard streams, the channel to whoever started us, and jest's own workers.
  if (handle === process.stdin || handle === process.stdout || handle === process.stderr) return undefined;
  if (
    handle === process.channel ||
    handle.constructor?.name === 'Pipe' ||
    handle.constructor?.name === 'MessagePort'
  ) {
    return undefined;
  }
  if (handle.spawnargs?.some((argument) => argument.includes('jest-worker'))) return undefined;
  if (typeof handle.spawnfile === 'string') return `process ${handle.pid} (${handle.spawnfile})`;
  if (typeof handle.listen === 'function') {
    const address = handle.address?.();
    return `server on ${typeof address === 'object' && address ? `${address.address}:${address.port}` : address}`;
  }
  if (typeof handle.remotePort === 'number') {
    return `socket ${handle.localAddress}:${handle.localPort} to ${handle.remoteAddress}:${handle.remotePort}`;
  }
  const name = handle.constructor?.name ?? 'unknown';
  return name === 'Socket' ? 'pipe or unix socket' : name;
}
