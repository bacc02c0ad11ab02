import type { Command } from 'commander';
import type { Environment } from '../config/environment.ts';

/** Where a command writes and what it is told; tests put their own in. */
export type Io = {
  /** Writes one line to standard output: what was asked for, nothing else. */
  readonly out: (line: string) => void;
  /** Writes one line to standard error: problems. */
  readonly err: (line: string) => void;
  readonly env?: Environment;
};

/** Every command ends with one of these; scripts may rely on them. */
export const EXIT = {
  ok: 0,
  /** Looked, and what was looked at is not as it should be. */
  bad: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** Could not look. */
  unknown: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Adds its commands; their actions import what they need only when they run, so that `--help` is there at once. */
export type Register = (program: Command, io: Io, end: (exit: ExitCode) => void) => void;

/** Thrown where a command cannot do what was asked; the text is shown as it is. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exit: ExitCode;

  constructor(exit: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exit = exit;
  }
}

/** What JSON leaves as it is and a terminal may take for a command, or for another order of what it shows. */
const COMMANDS = /[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu;

/** JSON, indented unless on one line, that is harmless in a terminal and means the same. */
export const json = (value: unknown, { oneLine = false } = {}): string =>
  JSON.stringify(value, null, oneLine ? 0 : 2).replaceAll(COMMANDS, (character) =>
    character.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
