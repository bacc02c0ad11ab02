import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { createPager } from '../../../src/http/pager.ts';
import { createMetrics, type Metrics } from '../../../src/observability/metrics.ts';
import type { Alert, Pager } from '../../../src/ports/pager.ts';
import { linesOf } from '../observability/lines.ts';

const ALERT: Alert = {
  kind: 'close-late',
  request: 'bg-1',
  text: 'bg-1 is open since 12:00:00 and should not be',
  consoleUrl: 'https://console.aws.amazon.com/ec2',
  command: 'aws ec2 revoke-security-group-ingress …',
};

let server: Server;
let url: string;
let metrics: Metrics;
let answers: (number | 'silence' | 'hang up')[];
const received: unknown[] = [];
const seen = linesOf();

const pagerFor = (to: string | null, withinMs?: number): Pager =>
  createPager({
    url: to,
    deployment: 'prod',
    logger: seen.logger,
    metrics,
    ...(withinMs === undefined ? {} : { withinMs }),
  });

beforeEach(async () => {
  answers = [];
  received.length = 0;
  metrics = createMetrics();
  server = createServer((request, response) => {
    void readAll(request).then((body) => {
      received.push(JSON.parse(body));
      const answer = answers.shift() ?? 202;
      if (answer === 'hang up') request.socket.destroy();
      else if (answer !== 'silence')
        response.writeHead(answer, { location: 'http://127.0.0.1:1/', connection: 'close' }).end('thanks');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/secret-part`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

describe('the pager', () => {
  it('hands the alert to the webhook with the name of the deployment', async () => {
    const isTaken = await pagerFor(url).page(ALERT);

    expect(isTaken).toBe(true);
    expect(received).toEqual([{ deployment: 'prod', ...ALERT }]);
    expect(await metrics.text()).toContain('breakglass_pages_total{outcome="delivered"} 1');
  });

  it('tries again after a dropped connection, an overload and a server error', async () => {
    answers = ['hang up', 429, 503, 200];

    await pagerFor(url).page(ALERT);

    expect(received).toHaveLength(4);
    expect(await metrics.text()).toContain('breakglass_pages_total{outcome="delivered"} 1');
  });

  it.each([400, 404, 302])(
    'does not repeat what was answered with %d, and does not throw',
    async (status) => {
      answers = [status];

      const isTaken = await pagerFor(url).page(ALERT);

      expect(isTaken).toBe(false);
      expect(received).toHaveLength(1);
      expect(await metrics.text()).toContain('breakglass_pages_total{outcome="failed"} 1');
    },
  );

  it('gives up in time when the webhook is silent', async () => {
    answers = ['silence', 'silence', 'silence'];
    const started = performance.now();

    const isTaken = await pagerFor(url, 300).page(ALERT);

    expect(isTaken).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_500);
    expect(await metrics.text()).toContain('breakglass_pages_total{outcome="failed"} 1');
  });

  it('says in the log that nobody was paged when there is no webhook, which sending it again would not change', async () => {
    const isTaken = await pagerFor(null).page(ALERT);

    expect(isTaken).toBe(true);
    expect(seen.lines().at(-1)).toMatchObject({
      level: 'error',
      msg: expect.stringMatching(/^nobody was paged/),
    });
  });

  it('never shows the address of the webhook, which is a secret', async () => {
    answers = [400];
    await pagerFor(url).page(ALERT);
    await pagerFor('http://127.0.0.1:1/hook/secret-part', 500).page(ALERT);

    expect(seen.text()).not.toContain('secret-part');
  });
});
