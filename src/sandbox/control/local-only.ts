import type { IncomingMessage } from 'node:http';

const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

/**
 * Whether a request comes from a page of somewhere else. Any site that a browser visits can send requests to
 * 127.0.0.1, and with DNS rebinding even read the answers; there is no password here. So only loopback names are
 * taken as Host, and an Origin, which browsers always send with a cross-site POST or WebSocket, must be our own.
 */
export function isForeign(request: IncomingMessage): boolean {
  const { host, origin } = request.headers;
  if (host === undefined || !LOOPBACK_HOST.test(host)) return true;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) return true;
  const site = request.headers['sec-fetch-site'];
  return site === 'cross-site' && request.headers['sec-fetch-mode'] !== 'navigate';
}
