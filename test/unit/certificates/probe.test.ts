import { X509Certificate } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import { afterEach, expect, test } from '@jest/globals';

import { createLocalCa } from '../../../src/certificates/create-local-ca.ts';
import { factsOf } from '../../../src/certificates/facts.ts';
import { servedCertificate } from '../../../src/certificates/probe.ts';

const sockets = new Set<Socket>();
let server: Server;

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

async function listen(made: Server): Promise<number> {
  server = made;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('whatever is served is told, also when nobody would trust it; a host name is sent along', async () => {
  const names: string[] = [];
  const { certificate: cert, privateKey: key } = await createLocalCa(
    'expired',
    Date.now() - 20 * 365 * 86_400_000,
  );
  const port = await listen(
    createTlsServer({
      cert,
      key,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    }),
  );

  const byAddress = await servedCertificate({ host: '127.0.0.1', port });
  const byName = await servedCertificate({ host: 'localhost', port });

  expect(byAddress).toEqual(factsOf(new X509Certificate(cert)));
  expect(byName).toEqual(byAddress);
  expect(names).toEqual(['localhost']);
});

test.each<[string, (socket: Socket) => void]>([
  ['closes the connection', (socket) => socket.end()],
  ['does not speak TLS', (socket) => socket.end('220 hello\r\n')],
  ['resets the connection', (socket) => socket.resetAndDestroy()],
])('a server that %s is unreachable', async (_, behave) => {
  const port = await listen(createServer(behave));

  await expect(servedCertificate({ host: '127.0.0.1', port })).rejects.toMatchObject({
    name: 'CertificateError',
    code: 'unreachable',
  });
});

test('a server that says nothing is given up after five seconds', async () => {
  const port = await listen(createServer(() => undefined));

  await expect(servedCertificate({ host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('no answer within 5 s'),
  });
}, 10_000);
