import { createLogger, type Logger, type LoggerOptions } from '../../../src/observability/logger.ts';

export type Line = Record<string, unknown>;

/** A logger whose lines can be read: as they were written, and parsed. */
export function linesOf(options: Partial<LoggerOptions> = {}): {
  logger: Logger;
  text: () => string;
  lines: () => Line[];
} {
  let text = '';
  const logger = createLogger({
    level: 'debug',
    base: { role: 'bot' },
    destination: { write: (line) => void (text += line) },
    ...options,
  });
  const lines = () =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  return { logger, text: () => text, lines };
}
