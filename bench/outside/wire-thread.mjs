// A wire in front of the local AWS, in a thread of its own so that nothing else that this process does makes a call look
// late: passes on whatever comes, and notes when a revoke had arrived. Takes { to } (a port) and { report }; answers revokes.
import { connect, createServer } from 'node:net';
import { parentPort } from 'node:worker_threads';

const REVOKE = 'Action=RevokeSecurityGroupIngress';

/** Every revoke that arrived: { at, rules }, epoch milliseconds and ids. */
const revokes = [];
let to = 0;

const server = createServer({ noDelay: true }, (client) => {
  const service = connect({ host: '127.0.0.1', port: to, noDelay: true });
  client.on('data', (chunk) => note(chunk.toString('latin1'), Date.now()));
  client.pipe(service).pipe(client);
  for (const [one, other] of [
    [client, service],
    [service, client],
  ])
    one.on('error', () => undefined).on('close', () => other.destroy());
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));

parentPort.on('message', (message) => {
  if (message.to !== undefined) to = message.to;
  if (message.report) parentPort.postMessage({ report: message.report, revokes });
});

/** So short a call arrives in one piece. */
function note(text, at) {
  if (text.includes(REVOKE)) revokes.push({ at, rules: text.match(/sgr-[0-9a-f]{17}/g) ?? [] });
}
