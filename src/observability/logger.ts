import { pino, stdTimeFunctions, type DestinationStream, type LevelWithSilent, type Logger } from 'pino';
import { correlationId } from './correlation.ts';
import { loggedError } from './errors.ts';
import { redactor, SECRET_FIELDS } from './redaction.ts';

export type { Logger };

export type LoggerOptions = {
  readonly level: LevelWithSilent;
  /** Written on every line. */
  readonly base: Readonly<Record<string, string | number>>;
  /** Values that must not be written whatever they look like. */
  readonly secrets?: readonly string[];
  /** Standard output by default. */
  readonly destination?: DestinationStream;
};

/** JSON lines: `time`, `level`, `msg`, fields, `err`, `correlation`. Every line passes the redaction as a whole. */
export function createLogger({ level, base, secrets = [], destination }: LoggerOptions): Logger {
  const redact = redactor(secrets);
  return pino(
    {
      level,
      base,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: loggedError, error: loggedError },
      mixin: () => {
        const correlation = correlationId();
        return correlation === undefined ? {} : { correlation };
      },
      redact: {
        paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]),
        censor: '[redacted]',
      },
      hooks: { streamWrite: redact },
    },
    destination ?? pino.destination(1),
  );
}
