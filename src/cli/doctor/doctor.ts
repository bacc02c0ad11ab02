import { AwsClients } from '../../aws/clients.ts';
import type { Finding } from '../../aws/finding.ts';
import { inspectBucket } from '../../aws/inspect-bucket.ts';
import { loadLogAccess } from '../../config/load-config.ts';
import { EXIT, json, type ExitCode, type Io } from '../io.ts';
import { systemClock } from '../system-clock.ts';
import { plain, table } from '../table.ts';

export type DoctorOptions = { readonly readOnly: boolean; readonly json: boolean };

const WORDS: Readonly<Record<Finding['status'], string>> = {
  ok: 'ok',
  bad: 'BAD',
  unknown: 'UNKNOWN',
  later: 'later',
  untried: 'not tried',
};

/** What is wrong with the log's bucket, and what to change. ConfigError. */
export async function doctor({ readOnly, json: asJson }: DoctorOptions, io: Io): Promise<ExitCode> {
  const { bucket, region, retainDays, deployment, aws } = loadLogAccess(
    io.env === undefined ? {} : { env: io.env },
  );
  const clients = new AwsClients({ deployment: deployment ?? 'doctor', credentials: aws });
  try {
    const findings = await inspectBucket(clients.s3, {
      bucket,
      region,
      retainDays: retainDays ?? undefined,
      isWriter: !readOnly,
      now: systemClock.now(),
    });
    const exit = exitOf(findings);
    if (asJson) io.out(json({ bucket, ok: exit === EXIT.ok, findings }));
    else report(bucket, findings).forEach(io.out);
    return exit;
  } finally {
    clients.destroy();
  }
}

function exitOf(findings: readonly Finding[]): ExitCode {
  if (findings.some(({ status }) => status === 'bad')) return EXIT.bad;
  return findings.some(({ status }) => status === 'unknown') ? EXIT.unknown : EXIT.ok;
}

function report(bucket: string, findings: readonly Finding[]): string[] {
  const rows = findings.map(({ check, status, text }) => [WORDS[status], check, text]);
  const fixes = findings.flatMap(({ check, fix }) => (fix === undefined ? [] : [`- ${check}: ${fix}`]));
  return [
    `bucket ${bucket}`,
    ...table(['', 'check', 'found'], rows),
    ...(fixes.length === 0 ? [] : ['', 'to change, or to look at', ...fixes.map(plain)]),
  ];
}
