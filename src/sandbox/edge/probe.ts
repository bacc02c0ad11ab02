import { connect } from 'node:net';
import { type TLSSocket, connect as connectTls } from 'node:tls';
import { colonSerial } from '../aws/acm/certificate-facts.ts';
import type { ProbeResult } from './types.ts';

/** A probe that takes longer says nothing. */
const TIMEOUT_MS = 3000;

export interface ProbeTarget {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

type Outcome = Pick<ProbeResult, 'open' | 'serial' | 'fingerprint' | 'error'>;

/**
 * An outside look at one vantage: a TCP connect, then a TLS handshake. A refused connect is a closed port; a port that
 * accepts and then resets, or a time-out, is neither open nor closed. `connected` hears the probe's own port.
 */
export async function probe(
  target: ProbeTarget,
  connected: (localPort: number) => void,
): Promise<ProbeResult> {
  const startedAt = performance.now();
  const outcome = await attempt(target.port, connected);
  const ms = Math.round((performance.now() - startedAt) * 10) / 10;
  return { vantage: target.name, address: target.address, port: target.port, ms, ...outcome };
}

function attempt(port: number, connected: (localPort: number) => void): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let tls: TLSSocket | undefined;
    const timer = setTimeout(
      () => finish({ open: null, error: `no answer within ${TIMEOUT_MS} ms` }),
      TIMEOUT_MS,
    );
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      tls?.destroy();
      socket.destroy();
      resolve(outcome);
    };
    socket.on('error', (error: NodeJS.ErrnoException) => {
      finish(error.code === 'ECONNREFUSED' ? { open: false } : { open: null, error: error.message });
    });
    socket.once('connect', () => {
      connected(socket.localPort ?? 0);
      // Who the certificate is from is what is to be found out, so nothing is refused here.
      tls = connectTls({ socket, rejectUnauthorized: false }, () => {
        const certificate = tls?.getPeerX509Certificate();
        finish({
          open: true,
          ...(certificate && {
            serial: colonSerial(certificate.serialNumber),
            fingerprint: certificate.fingerprint256,
          }),
        });
      });
      tls.on('error', (error: NodeJS.ErrnoException) => {
        finish({ open: error.code === 'ECONNRESET' ? null : true, error: error.message });
      });
      tls.once('close', () => finish({ open: null, error: 'closed during the handshake' }));
    });
  });
}
