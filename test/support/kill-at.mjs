// Preloaded into a worker: kills it without warning at one of its calls to AWS, as a power failure would. KILL_AT is the
// number of the call, counted from 1; an odd one dies as the call is sent, an even one as its answer has come.
import diagnostics from 'node:diagnostics_channel';

const killAt = Number(process.env.KILL_AT ?? 0);
const aws = new URL(process.env.AWS_ENDPOINT_URL ?? 'http://127.0.0.1:1');
let calls = 0;
let fatal;

const die = () => process.kill(process.pid, 'SIGKILL');

diagnostics.subscribe('http.client.request.start', ({ request }) => {
  // Reading happens all the time, whether anything is under way or not.
  if (request.method === 'GET' || request.getHeader('host') !== aws.host) return;
  calls += 1;
  if (calls !== killAt) return;
  if (killAt % 2 === 1) die();
  fatal = request;
});
diagnostics.subscribe('http.client.response.finish', ({ request }) => {
  if (request === fatal) die();
});
