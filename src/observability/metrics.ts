import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Everything this process counts, in one registry of its own. Setters never throw on any number. */
export type Metrics = ReturnType<typeof createMetrics>;

export type MetricsOptions = {
  /** Memory, CPU and event-loop lag of the process as well. */
  readonly processMetrics?: boolean;
};

// A close is expected within a second, proven within ten, and at the switch's mercy up to three minutes.
const LATENESS_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 180, 600];

export function createMetrics({ processMetrics = false }: MetricsOptions = {}) {
  const registry = new Registry();
  const registers = [registry];
  if (processMetrics) collectDefaultMetrics({ register: registry });

  const events = new Counter({
    name: 'breakglass_events_total',
    help: 'Business events of this process: asked, approved, opened, closed, …',
    labelNames: ['event'],
    registers,
  });
  const refusals = new Counter({
    name: 'breakglass_refusals_total',
    help: 'Reasons for which people were told no.',
    labelNames: ['code'],
    registers,
  });
  const lateness = new Histogram({
    name: 'breakglass_close_lateness_seconds',
    help: 'From the deadline to the first proof that the port is closed. Windows ended early are not in here.',
    buckets: LATENESS_SECONDS,
    registers,
  });
  const served = new Histogram({
    name: 'breakglass_http_request_seconds',
    help: "Time to answer a request to this process's own server.",
    labelNames: ['route', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2],
    registers,
  });
  const signatures = new Counter({
    name: 'breakglass_refused_signatures_total',
    help: "Deliveries whose Slack signature was missing, wrong or too old. Not recorded one by one: they are nobody's.",
    registers,
  });
  const pages = new Counter({
    name: 'breakglass_pages_total',
    help: 'Attempts to reach a human through the page webhook, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const gauge = (name: string, help: string, collect?: (this: Gauge) => void) =>
    new Gauge({ name, help, registers, ...(collect && { collect }) });
  const headCommit = gauge(
    'breakglass_log_commit',
    'Number of the newest commit of the log that this process has read.',
  );
  const headRecords = gauge('breakglass_log_records', 'Records in the log up to that commit.');
  const trusted = gauge(
    'breakglass_log_trusted',
    '1 while the log is what it was; 0 for good once it contradicted itself.',
  );
  const redis = gauge('breakglass_redis_up', '1 while Redis answers. 0 makes things slower, nothing else.');
  let windows = (): number => 0;
  gauge('breakglass_open_windows', 'Requests that may hold a rule in AWS right now.', function () {
    this.set(windows());
  });

  return {
    contentType: registry.contentType,
    /** Prometheus text format. */
    text: (): Promise<string> => registry.metrics(),
    event: (event: string): void => events.inc({ event }),
    refusal: (code: string): void => refusals.inc({ code }),
    closeLateness: (seconds: number): void => lateness.observe(seconds),
    httpRequest: (route: string, status: number, seconds: number): void =>
      served.observe({ route, status: String(status) }, seconds),
    refusedSignature: (): void => signatures.inc(),
    page: (outcome: 'delivered' | 'failed'): void => pages.inc({ outcome }),
    logHead: ({ commit, size }: { readonly commit: number; readonly size: number }): void => {
      headCommit.set(commit);
      headRecords.set(size);
    },
    logTrusted: (isTrusted: boolean): void => trusted.set(Number(isTrusted)),
    redisUp: (isUp: boolean): void => redis.set(Number(isUp)),
    /** Counted when somebody asks, not whenever one opens or ends: there may be thousands. */
    openWindows: (count: () => number): void => void (windows = count),
  };
}
