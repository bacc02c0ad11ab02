import { CommandError, EXIT } from '../io.ts';

/** What a person reads when nothing can listen on the port that this variable gives; undefined for any other error. */
export function refusedPort(
  variable: 'PORT' | 'BREAKGLASS_HTTP_PORT',
  error: unknown,
): CommandError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { syscall, code, port }: NodeJS.ErrnoException & { readonly port?: number } = error;
  if (syscall !== 'listen') return undefined;
  const why = code === 'EADDRINUSE' ? 'something else listens there already' : error.message;
  return new CommandError(
    EXIT.usage,
    `Port ${port ?? 'unknown'} cannot be used (${why}): free it, or set ${variable} to another one.`,
    { cause: error },
  );
}
