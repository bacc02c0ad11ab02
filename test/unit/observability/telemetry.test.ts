import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { createTelemetry } from '../../../src/observability/telemetry.ts';
import type { Telemetry } from '../../../src/ports/telemetry.ts';
import { linesOf } from './lines.ts';

function watch(): {
  telemetry: Telemetry;
  numbers: () => Promise<string>;
  lines: ReturnType<typeof linesOf>['lines'];
} {
  const metrics = createMetrics();
  const { logger, lines } = linesOf();
  return { telemetry: createTelemetry({ logger, metrics }), numbers: () => metrics.text(), lines };
}

describe('a business event', () => {
  it('is one line and one count', async () => {
    const { telemetry, numbers, lines } = watch();

    telemetry.event('approved', { request: 'bg-1' });
    telemetry.event('approved', { request: 'bg-2' });

    expect(await numbers()).toContain('breakglass_events_total{event="approved"} 2');
    expect(lines()).toMatchObject([
      { level: 'info', event: 'approved', request: 'bg-1' },
      { level: 'info', event: 'approved', request: 'bg-2' },
    ]);
  });

  it.each([
    ['close-late', 'error'],
    ['close-retry', 'warn'],
    ['step-failed', 'error'],
    ['closed', 'info'],
  ] as const)('called %s is logged as %s', (name, level) => {
    const { telemetry, lines } = watch();

    telemetry.event(name, {});

    expect(lines()[0]).toMatchObject({ level });
  });

  it('of a close at its deadline counts how late it was, of one before it does not', async () => {
    const { telemetry, numbers } = watch();

    telemetry.event('closed', { request: 'bg-1', latenessMs: 180 });
    telemetry.event('closed', { request: 'bg-2', latenessMs: -60_000 });
    telemetry.event('closed', { request: 'bg-3', latenessMs: null });

    const text = await numbers();
    expect(text).toContain('breakglass_close_lateness_seconds_count 1');
    expect(text).toContain('breakglass_close_lateness_seconds_bucket{le="0.1"} 0');
    expect(text).toContain('breakglass_close_lateness_seconds_bucket{le="0.25"} 1');
  });

  it('of a refusal counts every reason', async () => {
    const { telemetry, numbers } = watch();

    telemetry.event('refused', { codes: 'guest reason-short' });

    const text = await numbers();
    expect(text).toContain('breakglass_refusals_total{code="guest"} 1');
    expect(text).toContain('breakglass_refusals_total{code="reason-short"} 1');
  });

  it('never throws, even when nothing can be logged or counted', () => {
    const broken = new Proxy(
      {},
      {
        get: () => () => {
          throw new Error('disk full');
        },
      },
    );
    const telemetry = createTelemetry({ logger: broken as never, metrics: broken as never });

    expect(() => telemetry.event('closed', {})).not.toThrow();
  });
});

describe('the metrics', () => {
  it('show the state that was last set', async () => {
    const metrics = createMetrics();

    metrics.logHead({ commit: 7, size: 31 });
    metrics.logTrusted(true);
    metrics.redisUp(true);
    metrics.redisUp(false);
    metrics.openWindows(() => 2);
    metrics.refusedSignature();
    metrics.page('failed');

    const text = await metrics.text();
    for (const line of [
      'breakglass_log_commit 7',
      'breakglass_log_records 31',
      'breakglass_log_trusted 1',
      'breakglass_redis_up 0',
      'breakglass_open_windows 2',
      'breakglass_refused_signatures_total 1',
      'breakglass_pages_total{outcome="failed"} 1',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  it('belong to one process: another registry knows nothing of them', async () => {
    const first = createMetrics();

    first.event('asked');

    expect(await createMetrics().text()).not.toContain('event="asked"');
  });

  it('tell about the process when asked to', async () => {
    expect(await createMetrics({ processMetrics: true }).text()).toContain('process_resident_memory_bytes');
  });
});
