import { isIP } from 'node:net';
import { connect } from 'node:tls';

import type { CertificateFacts } from '../domain/records.ts';
import type { AcmImport } from '../domain/workflow.ts';
import { CertificateError } from '../ports/certificates.ts';
import { factsOf } from './facts.ts';

const HANDSHAKE_MS = 5_000;

/** One TLS handshake: which certificate is served there now. CertificateError `unreachable`. */
export function servedCertificate({ host, port }: AcmImport['probe']): Promise<CertificateFacts> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      // Nothing is sent and nothing believed: the caller compares the certificate's SHA-256 with the one it imported,
      // which says more than any chain of trust, and holds for private CAs and expired certificates as well.
      rejectUnauthorized: false,
      ...(isIP(host) === 0 && { servername: host }),
    });
    const fail = (why: string) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new CertificateError('unreachable', `no TLS handshake with ${host}:${port}: ${why}`));
    };
    const timer = setTimeout(() => fail(`no answer within ${HANDSHAKE_MS / 1_000} s`), HANDSHAKE_MS);
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'connection failed'));
    socket.once('close', () => fail('the connection was closed'));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) return fail('no certificate was presented');
      clearTimeout(timer);
      resolve(factsOf(certificate));
      socket.destroy();
    });
  });
}
