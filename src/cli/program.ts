import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { CommandError, EXIT, type ExitCode, type Io, type Register } from './io.ts';
import { closeCommands } from './close/commands.ts';
import { logCommands } from './log/commands.ts';
import { demoCommands } from './demo/commands.ts';
import { doctorCommands } from './doctor/commands.ts';
import { serveCommands } from './serve/commands.ts';
import { statusCommands } from './status/commands.ts';
import { software } from './software.ts';
import { redactor } from '../observability/redaction.ts';
import { workflowCommands } from './workflows/commands.ts';

const COMMANDS: readonly Register[] = [
  serveCommands,
  demoCommands,
  workflowCommands,
  logCommands,
  doctorCommands,
  statusCommands,
  closeCommands,
];

const EXIT_CODES = `
Exit codes: 0 ok · 1 checked and bad · 2 usage or configuration · 3 could not check`;

/** One run of the command line. Never throws: what goes wrong is a line on standard error and an exit code. */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const program = new Command('breakglass')
    .description(
      'Break-glass access to a closed port: asked in Slack, approved by a second person, closed on time.',
    )
    .version(software())
    .exitOverride()
    .configureOutput({ writeOut: written(io.out), writeErr: written(io.err) })
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', EXIT_CODES);
  for (const register of COMMANDS) register(program, io, (code) => (exit = code));
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exit;
  } catch (error) {
    return explain(error, io);
  }
}

function explain(error: unknown, io: Io): ExitCode {
  // Commander has said it already; asking for help or the version is no mistake.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof ConfigError) {
    io.err(error.message);
    return EXIT.usage;
  }
  if (error instanceof CommandError) {
    io.err(error.message);
    return error.exit;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.err(`This should not have happened: ${redactor()(text)}`);
  return EXIT.unknown;
}

/** Commander ends its texts with a line end of its own. */
const written =
  (line: (text: string) => void) =>
  (text: string): void =>
    line(text.replace(/\n$/, ''));
