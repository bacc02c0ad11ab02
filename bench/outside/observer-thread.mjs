// The outside TCP client: tries loopback ports again and again, in a thread of its own so that nothing else that this
// process does makes it look late. A port that takes the connection is open; one that refuses is closed; anything else
// says nothing. Takes { id, port, everyMs } (0 = leave it alone) and { collect }; answers runs of like attempts.
import { connect } from 'node:net';
import { parentPort } from 'node:worker_threads';

const TIMEOUT_MS = 2000;

/** id -> { port, everyMs, timer, runs, generation } */
const looked = new Map();

parentPort.on('message', (message) => {
  if (message.collect !== undefined) {
    const runs = Object.fromEntries([...looked].map(([id, { runs }]) => [id, runs]));
    parentPort.postMessage({ collected: message.collect, runs });
    return;
  }
  const { id, port, everyMs } = message;
  const target = looked.get(id) ?? { runs: [] };
  clearTimeout(target.timer);
  Object.assign(target, { port, everyMs });
  looked.set(id, target);
  if (everyMs > 0) look(target);
});

function look(target) {
  clearTimeout(target.timer);
  const begun = now();
  const { everyMs } = target;
  // The next attempt does not wait for this one: an answer may take as long as it likes.
  target.timer = setTimeout(() => look(target), everyMs);
  attempt(target.port, (open) => note(target.runs, open, begun, now()));
}

function attempt(port, tell) {
  const socket = connect({ host: '127.0.0.1', port });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
  socket.once('connect', () => {
    // Where nobody listens, a client that happens to be given that very port connects to itself.
    tell(socket.localPort !== port);
    socket.resetAndDestroy();
  });
  socket.on('error', (error) => {
    if (error.code === 'ECONNREFUSED') tell(false);
  });
}

/** Attempts may end in another order than they began in; what counts is when they began. */
function note(runs, open, begun, ended) {
  const last = runs.at(-1);
  if (last !== undefined && begun < last.lastBegun && last.open !== open) {
    last.crossed = true;
    return;
  }
  if (last !== undefined && last.open === open) {
    last.lastBegun = Math.max(last.lastBegun, begun);
    last.lastEnded = Math.max(last.lastEnded, ended);
    last.attempts += 1;
    return;
  }
  runs.push({ open, firstBegun: begun, firstEnded: ended, lastBegun: begun, lastEnded: ended, attempts: 1 });
}

/** Epoch milliseconds, by the clock that messages and deadlines go by. */
function now() {
  return Date.now();
}
