import { LogLevel, type Logger as BoltLogger } from '@slack/bolt';

/** What this folder needs of a logger: fields, then a sentence. A pino logger is one. */
export type Logger = {
  readonly info: (fields: object, message: string) => void;
  readonly warn: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
};

/** Bolt's own lines as ours. Never at its debug level, which prints what people typed. */
export function boltLogger(logger: Logger): BoltLogger {
  const line =
    (level: 'info' | 'warn' | 'error') =>
    (...parts: unknown[]): void =>
      logger[level]({ from: 'bolt' }, parts.map(text).join(' '));
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: line('warn'),
    error: line('error'),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}

const text = (part: unknown): string => {
  if (typeof part === 'string') return part;
  return part instanceof Error ? part.message : typeof part;
};
