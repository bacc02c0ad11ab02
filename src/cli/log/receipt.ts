import { writeFile } from 'node:fs/promises';
import { AUTHOR, type RequestSealed } from '../../domain/records.ts';
import { LogError } from '../../log/errors.ts';
import { receiptFor } from '../../log/receipt.ts';
import { FORMAT, type Entry, type LogRecord } from '../../log/types.ts';
import { CommandError, EXIT, type ExitCode, type Io } from '../io.ts';
import { openStore, type OpenStore } from './open-store.ts';
import { isAbout, tell } from './stories.ts';
import { couldNot } from './verify.ts';

/** The sealed record of a request as a C2SP tlog-proof, on standard output or in a new file. */
export async function receipt(
  request: string,
  { folder, out }: { readonly folder?: string; readonly out?: string },
  io: Io,
): Promise<ExitCode> {
  const opened = await openStore(folder, io);
  try {
    const expected = opened.origin === undefined ? {} : { origin: opened.origin };
    const isWanted = ({ role, record }: Entry<LogRecord>): boolean =>
      role === AUTHOR['request.sealed'] && sealedRecord(record)?.request === request;
    const text = await receiptFor(opened.store, isWanted, expected);
    if (text === undefined) throw new CommandError(EXIT.bad, await whyNot(opened, request));
    if (out === undefined) io.out(text.trimEnd());
    else await write(out, text);
    return EXIT.ok;
  } catch (error) {
    const cannot = couldNot(error, opened.where);
    if (!(cannot instanceof LogError)) throw cannot;
    const text = `${opened.where} does not hold, and gives no receipt: ${cannot.message} (${cannot.code})`;
    throw new CommandError(EXIT.bad, text, { cause: cannot });
  } finally {
    opened.close();
  }
}

/** The record where it is one that this version understands. Whose key it was written with is another question. */
export const sealedRecord = (record: LogRecord): RequestSealed | undefined =>
  record.type === 'request.sealed' && record.format === FORMAT ? (record as RequestSealed) : undefined;

async function whyNot({ store, where }: OpenStore, request: string): Promise<string> {
  let known = false;
  for await (const told of tell(store, {})) {
    if (!isAbout(told, request)) continue;
    known = true;
    if (told.record?.type === 'request.sealed')
      return `${request} was sealed together with later records: its checkpoint does not tell who wrote it`;
  }
  return known
    ? `${request} is not sealed yet: breakglass log show ${request} tells how far it is`
    : `${where} has no record of ${request}; breakglass log show lists the requests`;
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? 'is there already' : 'cannot be written';
    throw new CommandError(EXIT.usage, `--out: ${file} ${why}`, { cause });
  }
}
