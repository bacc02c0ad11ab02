import { afterEach, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { once } from 'node:events';
import { runChecks } from '../../../src/http/checks.ts';
import { startHttpServer, type HttpServerOptions, type RunningServer } from '../../../src/http/server.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { linesOf } from '../observability/lines.ts';

const { logger, lines, text } = linesOf();
const running: RunningServer[] = [];

async function start(options: Partial<HttpServerOptions> = {}): Promise<string> {
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    alive: () => true,
    checks: {},
    metrics: createMetrics(),
    logger,
    ...options,
  });
  running.push(server);
  return `http://127.0.0.1:${server.port}`;
}

/** Without keeping the connection: nothing is left behind a test. */
async function get(url: string, method = 'GET'): Promise<{ status: number; body: string; headers: Headers }> {
  const response = await fetch(url, { method, headers: { connection: 'close' } });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

describe('/healthz', () => {
  it('answers 200 while the process works, whatever Redis, Slack and S3 do', async () => {
    const url = await start({ checks: { redis: () => Promise.reject(new Error('away')) } });

    expect(await get(`${url}/healthz`)).toMatchObject({ status: 200, body: '{"status":"ok"}\n' });
  });

  it('answers 503 once its loops stand still', async () => {
    let turns = true;
    const url = await start({ alive: () => turns });

    turns = false;

    expect(await get(`${url}/healthz`)).toMatchObject({ status: 503 });
  });
});

describe('/readyz', () => {
  it('answers 200 when every check passes', async () => {
    const url = await start({ checks: { log: async () => undefined, slack: async () => undefined } });

    expect(await get(`${url}/readyz`)).toMatchObject({
      status: 200,
      body: '{"ready":true,"checks":{"log":"ok","slack":"ok"}}\n',
    });
  });

  it('answers 503 and names what failed, but tells the reason to the log only', async () => {
    const url = await start({
      checks: { log: async () => undefined, redis: () => Promise.reject(new Error('at 10.0.0.7')) },
    });

    const { status, body } = await get(`${url}/readyz`);

    expect(status).toBe(503);
    expect(body).toBe('{"ready":false,"checks":{"log":"ok","redis":"failed"}}\n');
    expect(lines()).toContainEqual(
      expect.objectContaining({ check: 'redis', err: expect.objectContaining({ message: 'at 10.0.0.7' }) }),
    );
  });

  it('does not wait for a check that hangs, and ends it', async () => {
    let ended = false;
    const hanging = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          ended = true;
          reject(new Error('aborted'));
        });
      });

    const report = await runChecks({ slack: hanging }, logger, 10);

    expect(report).toEqual({ ready: false, checks: { slack: 'timed out' } });
    expect(ended).toBe(true);
  });

  it('takes a check that throws at once for a failed one', async () => {
    const report = await runChecks(
      {
        log: () => {
          throw new Error('no');
        },
      },
      logger,
    );

    expect(report.checks).toEqual({ log: 'failed' });
  });
});

describe('the server', () => {
  it('serves the metrics, its own requests among them', async () => {
    const url = await start();

    await get(`${url}/healthz`);
    const { body, headers } = await get(`${url}/metrics`);

    expect(headers.get('content-type')).toMatch(/^text\/plain; version=/);
    expect(body).toContain('breakglass_http_request_seconds_count{route="/healthz",status="200"} 1');
  });

  it.each(['/', '/healthz/', '/__proto__', '/constructor', '//healthz'])(
    'knows nothing at %s',
    async (path) => {
      const url = await start();

      expect((await get(url + path)).status).toBe(404);
    },
  );

  it('reads only', async () => {
    const url = await start();

    const answer = await get(`${url}/healthz`, 'POST');

    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
    expect(await get(`${url}/healthz`, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  it('survives an answer that cannot be made', async () => {
    const url = await start({
      alive: () => {
        throw new Error('broken check');
      },
    });

    await expect(get(`${url}/healthz`)).rejects.toThrow();

    expect((await get(`${url}/readyz`)).status).toBe(200);
    expect(text()).toContain('broken check');
  });

  it('closes while a client keeps its connection', async () => {
    const url = await start();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'data');

    await running.splice(0)[0]!.close();

    await once(socket, 'close');
    await expect(get(`${url}/healthz`)).rejects.toThrow();
  });

  it('closes while a client is still sending its request', async () => {
    const url = await start();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET /healthz HTTP/1.1\r\n');
    await once(socket, 'ready');
    // Only once a later request is answered has the server surely seen the one before it.
    await get(`${url}/healthz`);
    const asked = performance.now();

    await running.splice(0)[0]!.close();

    expect(performance.now() - asked).toBeLessThan(4_000);
    socket.destroy();
  });

  it('says so when its port is taken', async () => {
    const url = await start();

    await expect(start({ port: Number(new URL(url).port) })).rejects.toThrow(/EADDRINUSE/);
  });
});
