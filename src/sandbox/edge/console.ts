import { constants } from 'node:crypto';
import { type Server, createServer } from 'node:https';
import type { Socket } from 'node:net';
import type { HeldCertificate } from '../aws/types.ts';

/** Longest delay that a Node timer takes: for practical purposes never. */
const NEVER_MS = 2 ** 31 - 1;

const PAGE = `<!doctype html>
<html lang="en">
<title>Payments admin console</title>
<h1>Payments admin console</h1>
<p>You have reached the guarded service on port 8443.</p>
</html>
`;

/** The guarded service: HTTP/1.1 over TLS on sockets that the vantage ports hand to it. */
export class Console {
  readonly #server: Server;

  constructor(certificate: HeldCertificate) {
    this.#server = createServer(
      // Without tickets every connection is a full handshake, which shows the certificate held at that moment.
      { ...credentials(certificate), secureOptions: constants.SSL_OP_NO_TICKET, handshakeTimeout: NEVER_MS },
      (request, response) => {
        const found = request.method === 'GET' || request.method === 'HEAD';
        response.writeHead(found ? 200 : 405, { 'content-type': 'text/html; charset=utf-8' });
        response.end(found ? PAGE : '');
      },
    );
    // Idle connections stay: what outlives a rule is exactly what is to be seen.
    this.#server.keepAliveTimeout = 0;
    this.#server.headersTimeout = 0;
    this.#server.requestTimeout = 0;
    this.#server.timeout = 0;
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /** New connections get it at once; established ones keep what they were shown. */
  use(certificate: HeldCertificate): void {
    this.#server.setSecureContext({ ...credentials(certificate), secureOptions: constants.SSL_OP_NO_TICKET });
  }

  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function credentials({ certificate, chain, privateKey }: HeldCertificate) {
  return { cert: `${certificate}\n${chain}`, key: privateKey };
}
